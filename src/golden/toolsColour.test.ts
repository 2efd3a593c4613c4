/** Sort measures, the choice of the best faces and the colour functions against the golden vectors. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/support.ts';
import { runGolden } from './run.ts';

test('measures of faces, best faces and colour functions agree with the reference', async () => {
  const failures: string[] = [];
  let checks = 0;
  for await (const report of runGolden(fileURLToPath(goldenFolder), 'direct', 'tools/color')) {
    expect(report.status, report.name).not.toBe('unknown kind');
    checks += report.checks.length;
    failures.push(...report.checks.filter(({ ok }) => !ok).map((c) => `${report.name} ${c.tensor} (${c.tolerance}): ${c.detail}`));
  }
  expect(checks).toBeGreaterThan(70);
  expect(failures).toEqual([]);
});
