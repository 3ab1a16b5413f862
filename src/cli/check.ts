import { userAgentOf } from '../app/user-agent.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import type { Config } from '../config/config.ts';
import { readConfig } from '../config/load-config.ts';
import { formatProblem } from '../config/problem.ts';
import { asIngestError } from '../core/errors.ts';
import { count } from '../core/units.ts';
import { createTokenStore } from '../credentials/read-token.ts';
import { createHttpClient, type HttpClient } from '../http/http-client.ts';
import { answer } from './answer.ts';
import { checkAccepted } from './check/check-accepted.ts';
import { checkContact } from './check/check-contact.ts';
import { checkDestinations } from './check/check-destinations.ts';
import { checkRedis, checkSchedule, checkShare } from './check/check-outside.ts';
import { checkLedger, checkLedgerFormat, checkStateDir } from './check/check-state.ts';
import { type Finding, ok, problem, problemOf } from './check/finding.ts';
import { renderFindings } from './check/render-findings.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

export const addCheck: AddCommand = (program, context, finish) => {
  program
    .command('check')
    .description('Is everything ready for the evening? Each finding comes with its cure; nothing is changed.')
    .addHelpText(
      'after',
      '\nLooks at the configuration, the state directory, the ledger, each share, Redis, each token, each destination\nand the schedule.\n\nExamples:\n  nightjar check\n  nightjar --config /etc/nightjar/nightjar.yaml check --json\n\nExit code 0: all well, or only warnings; 78: there is a problem.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      using stop = stopSignals((name) => context.err.write(`\n${name}: stopping.\n`));
      const findings = await findAll(context, options, stop.signal);
      const well = findings.every(({ level }) => level !== 'problem');
      answer(context, options, { format: 1, ok: well, findings }, () => renderFindings(findings, context));
      finish(stop.exitCode() ?? (well ? EXIT.done : EXIT.configuration));
    });
};

async function findAll(context: CliContext, options: GlobalOptions, signal: AbortSignal): Promise<Finding[]> {
  const { env, home, clock } = context;
  const result = readConfig({ env, home, file: options.config });
  if (!result.ok)
    return result.problems.map((found) => ({
      ...problem('configuration', formatProblem(found), result.hint),
      code: 'CONFIG_INVALID',
    }));
  const { config } = result;
  const findings = [ok('configuration', configured(config)), ...(await checkStateDir(config.stateDir))];
  const http = createHttpClient({ userAgent: userAgentOf(config), clock });
  try {
    const opened = openAnyway(config, context, http);
    findings.push(...opened.findings);
    if (opened.workspace === undefined) return findings;
    using workspace = opened.workspace;
    findings.push(...checkAccepted(workspace));
    for (const share of config.shares) findings.push(await checkShare(workspace, share, signal));
    findings.push(await checkRedis(config, clock));
    const store = createTokenStore({ dir: config.credentials.dir, env });
    findings.push(...(await checkDestinations(workspace, store, signal)));
    findings.push(await checkSchedule(config, clock.now()), ...checkContact(config));
    return findings;
  } finally {
    await http.close();
  }
}

function configured({ files, shares, destinations, mapping }: Config): string {
  const counts = [
    count(shares.length, 'share'),
    count(destinations.length, 'destination'),
    count(mapping.rules.length, 'rule'),
    count(mapping.owners.length, 'owner'),
  ];
  return `${files.nightjar} and ${files.folders}: ${counts.join(', ')}.`;
}

type Opened = { readonly workspace: Workspace | undefined; readonly findings: readonly Finding[] };

/** With a ledger that cannot be read, the rest is checked with an empty one; a mapping without sense ends it. */
function openAnyway(config: Config, { clock }: CliContext, http: HttpClient): Opened {
  const parts = { clock, http, readOnly: true };
  try {
    const format = checkLedgerFormat(config.stateDir);
    const workspace = openWorkspace(config, parts);
    return { workspace, findings: [checkLedger(workspace.ledger, clock.now()), ...format] };
  } catch (thrown) {
    const error = asIngestError(thrown, 'read the ledger');
    if (error.code === 'CONFIG_INVALID')
      return { workspace: undefined, findings: [problemOf('configuration', error)] };
    const workspace = openWorkspace({ ...config, stateDir: `${config.stateDir}/none` }, parts);
    return { workspace, findings: [problemOf('ledger', error)] };
  }
}
