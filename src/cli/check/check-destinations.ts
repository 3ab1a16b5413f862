import { refuseSharedAccount, takenBy } from '../../app/account-of-two.ts';
import { ownerToken, tokenRef } from '../../app/owner-token.ts';
import { ownersAt } from '../../app/watch-tokens.ts';
import type { Workspace } from '../../app/workspace.ts';
import type { DestinationConfig } from '../../config/config.ts';
import { COLLECTOR, type OwnerId } from '../../core/ids.ts';
import type { TokenStore } from '../../credentials/read-token.ts';
import { mayNotPublish } from './check-publishing.ts';
import { type Finding, findingOf, ok, warning } from './finding.ts';

/**
 * Each destination as its owners reach it: a directory once, a platform with the token of everyone whose data a rule
 * can send there. Asks only what creates nothing.
 */
export async function checkDestinations(
  workspace: Workspace,
  store: TokenStore,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const destination of workspace.config.destinations) {
    if (destination.kind === 'directory') findings.push(await checkDirectory(workspace, destination, signal));
    else findings.push(...(await checkPlatform(workspace, destination, { store, signal, only: [] })));
  }
  return findings;
}

function checkDirectory(
  workspace: Workspace,
  { name }: DestinationConfig,
  signal: AbortSignal,
): Promise<Finding> {
  const about = `destination ${name}`;
  return findingOf(about, async () =>
    ok(about, await workspace.destination(name).check({ token: undefined, signal })),
  );
}

/** The tokens alone, of these owners or of everyone. */
export async function checkTokens(
  workspace: Workspace,
  store: TokenStore,
  owners: readonly OwnerId[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const destination of workspace.config.destinations)
    if (destination.kind !== 'directory')
      findings.push(...(await checkPlatform(workspace, destination, { store, signal, only: owners })));
  return findings;
}

type Checking = {
  readonly store: TokenStore;
  readonly signal: AbortSignal;
  /** Empty: everyone. */
  readonly only: readonly OwnerId[];
};

async function checkPlatform(
  workspace: Workspace,
  destination: DestinationConfig,
  { store, signal, only }: Checking,
): Promise<Finding[]> {
  const { config } = workspace;
  const { name } = destination;
  const findings: Finding[] = [];
  for (const owner of ownersAt(config, destination)) {
    if (only.length > 0 && !only.includes(owner)) continue;
    const about = `token of ${owner} at ${name}`;
    if (owner !== COLLECTOR && tokenRef(config, owner, destination.kind) === undefined) {
      findings.push(notEnrolled(about, owner, destination.kind));
      continue;
    }
    findings.push(
      await findingOf(about, async () => {
        const at = { owner, destination: name };
        const token = await ownerToken(config, store, at);
        const platform = workspace.destination(name);
        const isTaken = takenBy(platform, signal);
        await refuseSharedAccount({ config, ledger: workspace.ledger, store, isTaken }, at, token);
        const well = ok(about, await platform.check({ token, signal }));
        return (await mayNotPublish(workspace, destination, { owner, token, signal })) ?? well;
      }),
    );
  }
  return findings;
}

/** No failure: their data waits, and a lab has many who never enrol. */
function notEnrolled(about: string, owner: OwnerId, kind: string): Finding {
  const cure = `Name one in folders.yaml: owners: ${owner}: ${kind}: { token: NAME }, then nightjar token enrol ${owner}.`;
  return warning(about, `${owner} has no token: their data is held`, cure);
}
