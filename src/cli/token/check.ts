import { tokenEnds } from '../../app/watch-tokens.ts';
import type { Workspace } from '../../app/workspace.ts';
import { count } from '../../core/units.ts';
import { utcDay } from '../../core/utc.ts';
import { createTokenStore } from '../../credentials/read-token.ts';
import { answer } from '../answer.ts';
import { checkTokens } from '../check/check-destinations.ts';
import { type Finding, warning } from '../check/finding.ts';
import { renderFindings } from '../check/render-findings.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { optionsOf } from '../open.ts';
import { openToRead } from '../open-to-read.ts';
import type { AddCommand } from '../run-cli.ts';
import { stopSignals } from '../stop-signals.ts';
import { ownerCalled } from './which.ts';

/** So many days before its end a token is spoken of. */
const WARN_DAYS = 30;

export const addTokenCheck: AddCommand = (program, context, finish) => {
  program
    .command('check')
    .argument('[owner...]', 'only these; default: everyone whose data a rule can send to a platform')
    .description(
      'Does the platform take each token? Asks what changes nothing there, and warns of those that end soon.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token check\n  nightjar token check mueller\n\nA refusal may also mean that the user management of the platform is down: nothing is thrown away because of one.\n\nExit code 0: all are taken; 3: one is refused, missing or unsafe.',
    )
    .action(async (names: string[], _options, command) => {
      const options = optionsOf<GlobalOptions>(command);
      using stop = stopSignals((signal) => context.err.write(`\n${signal}: stopping.\n`));
      await using workspace = await openToRead(context, options);
      const store = createTokenStore({ dir: workspace.config.credentials.dir, env: context.env });
      const owners = names.map((name) => ownerCalled(workspace.config, name));
      const findings = [
        ...(await checkTokens(workspace, store, owners, stop.signal)),
        ...endingSoon(workspace).filter(
          ({ about }) => owners.length === 0 || owners.some((owner) => about === `token of ${owner}`),
        ),
      ];
      const well = findings.every(({ level }) => level !== 'problem');
      answer(context, options, { format: 1, ok: well, findings }, () => renderFindings(findings, context));
      finish(stop.exitCode() ?? (well ? EXIT.done : EXIT.attention));
    });
};

/** Tokens whose end is near or past. */
function endingSoon(workspace: Workspace): Finding[] {
  return tokenEnds(workspace)
    .filter(({ days }) => days <= WARN_DAYS)
    .map(({ owner, days, expiresAt }) => {
      const date = utcDay(expiresAt);
      const when = days <= 0 ? `ended on ${date}` : `ends in ${count(days, 'day')} (${date})`;
      return warning(`token of ${owner}`, `it ${when}`, `Run: nightjar token rotate ${owner}`);
    });
}
