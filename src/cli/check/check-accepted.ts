import { refusalOf } from '../../app/mapping-in-force.ts';
import type { Workspace } from '../../app/workspace.ts';
import { type Finding, ok, problemOf } from './finding.ts';

/** Whether folders.yaml is what would be in force; nothing to say before the first mapping was accepted. */
export function checkAccepted({ mapping, config }: Pick<Workspace, 'mapping' | 'config'>): Finding[] {
  const refused = refusalOf(mapping.standing(), config);
  if (refused !== undefined) return [problemOf('folder mapping', refused)];
  const accepted = mapping.accepted();
  if (accepted === undefined) return [];
  return mapping.standing().kind === 'in-force'
    ? [ok('folder mapping', `It is in force, accepted by ${accepted.by}.`)]
    : [ok('folder mapping', 'It has changed and moves no delivered data: serve or run takes it over.')];
}
