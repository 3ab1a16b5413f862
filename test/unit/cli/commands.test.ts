import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandsFor } from '../../../src/cli/commands.ts';
import type { CliContext } from '../../../src/cli/context.ts';

/** The names of the commands that a command line has loaded. */
async function loadedFor(...argv: string[]): Promise<string[]> {
  const program = new Command('nightjar');
  for (const add of await commandsFor(argv)) add(program, {} as CliContext, () => undefined);
  return program.commands.map((command) => command.name());
}

describe('the commands that a command line loads', () => {
  it('are the one it names, each under its own name', async () => {
    const all = await loadedFor();

    expect(all).toHaveLength(24);
    for (const name of all) expect(await loadedFor(name, '--json')).toEqual([name]);
  });

  it.each([
    [['--json', '-c', 'run', 'status', 'plan'], ['status']],
    [['--config', 'run', 'status'], ['status']],
    [['--config=run', 'status'], ['status']],
    [['-crun', 'status', '-c', 'plan'], ['status']],
  ])('for %j are %j: neither the name of a file nor an option is taken for it', async (argv, loaded) => {
    expect(await loadedFor(...argv)).toEqual(loaded);
  });

  it.each([[['statsu']], [['help', 'run']], [['--help']], [['constructor']], [['-c', 'run']]])(
    'for %j are all, for help and suggestions',
    async (argv) => {
      expect(await loadedFor(...argv)).toEqual(await loadedFor());
    },
  );
});
