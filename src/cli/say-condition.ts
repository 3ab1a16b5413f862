import type { Condition } from '../core/completion.ts';
import { formatBytes } from '../core/units.ts';

/** What a rule asks of a dataset, as a person would say it: the end of "complete when …". */
export function sayCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'all':
      return condition.of.map(sayCondition).join(', and ');
    case 'any':
      return `one of these holds: ${condition.of.map((inner) => `(${sayCondition(inner)})`).join(' or ')}`;
    case 'marker':
      return `a file ${condition.files} is there`;
    case 'companions':
      return condition.pairs
        .map(({ every, has }) => `every ${every} has its ${has.join(' and ')}`)
        .join(', ');
    case 'min-size':
      return condition.sizes
        .map(({ files, bytes }) => `no ${files} is smaller than ${formatBytes(bytes)}`)
        .join(', ');
    case 'count':
      return `${typeof condition.least === 'number' ? condition.least : `{${condition.least}}`} files ${condition.files} are there`;
    case 'absent':
      return `no file ${condition.files.join(' or ')} is there`;
    case 'temp-names':
      return `no file has a temporary name (${condition.families.join(', ')})`;
    case 'closed':
      return `no ${condition.files.join(' or ')} is open in another program`;
  }
}
