import type { AddCommand } from './run-cli.ts';

/**
 * In the order in which `--help` lists them. A command is loaded when it is asked for: most need a third of the program,
 * and whoever looks at a status waits for no queue to load.
 */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./init.ts')).addInit,
  check: async () => (await import('./check.ts')).addCheck,
  explain: async () => (await import('./explain.ts')).addExplain,
  plan: async () => (await import('./plan.ts')).addPlan,
  run: async () => (await import('./run.ts')).addRun,
  serve: async () => (await import('./serve.ts')).addServe,
  worker: async () => (await import('./worker.ts')).addWorker,
  status: async () => (await import('./status.ts')).addStatus,
  why: async () => (await import('./why.ts')).addWhy,
  history: async () => (await import('./history.ts')).addHistory,
  'accept-mapping': async () => (await import('./accept-mapping.ts')).addAcceptMapping,
  claim: async () => (await import('./claim.ts')).addClaim,
  requeue: async () => (await import('./requeue.ts')).addRequeue,
  force: async () => (await import('./force.ts')).addForce,
  exclude: async () => (await import('./exclude.ts')).addExclude,
  hold: async () => (await import('./hold.ts')).addHold,
  resume: async () => (await import('./resume.ts')).addResume,
  token: async () => (await import('./token/token.ts')).addToken,
  'accept-scan': async () => (await import('./accept-scan.ts')).addAcceptScan,
  'accept-share': async () => (await import('./accept-share.ts')).addAcceptShare,
  certificate: async () => (await import('./certificate/certificate.ts')).addCertificate,
  audit: async () => (await import('./audit.ts')).addAudit,
  ledger: async () => (await import('./ledger/ledger.ts')).addLedger,
  demo: async () => (await import('./demo/demo.ts')).addDemo,
};

/** The command that is asked for; all of them where none is, or one that there is not: for help and suggestions. */
export async function commandsFor(argv: readonly string[]): Promise<readonly AddCommand[]> {
  const asked = Object.entries(COMMANDS).filter(([name]) => name === wordOf(argv));
  return await Promise.all((asked.length === 0 ? Object.entries(COMMANDS) : asked).map(([, load]) => load()));
}

/** The first word that is neither an option of `nightjar` itself nor its value. */
function wordOf([word, ...rest]: readonly string[]): string | undefined {
  if (word === '-c' || word === '--config') return wordOf(rest.slice(1));
  return word?.startsWith('-') === true ? wordOf(rest) : word;
}
