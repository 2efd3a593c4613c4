/**
 * npm run golden -- DIR [--json] [--lowering direct|fast|winograd] [--only TEXT] [--all]: holds the program against golden cases. Exit code 1 if a
 * covered case fails or a kind of case is unknown, 2 for a mistake of the caller.
 */
import { parseArgs } from 'node:util';
import { LiaeError, OptionError } from '../base/index.ts';
import type { Check } from './case.ts';
import { type CaseReport, runGolden } from './run.ts';

const number = (x: number): string => (x === 0 ? '0' : x.toExponential(1));

function row({ tensor, worstAbs, worstRel, tolerance, ok, detail }: Check): string {
  const line = `    ${ok ? 'ok  ' : 'FAIL'}  ${tensor.padEnd(44)} abs ${number(worstAbs).padEnd(8)} rel ${number(worstRel).padEnd(8)} (${tolerance})`;
  return ok ? line : `${line}\n          ${detail}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      lowering: { type: 'string', default: 'direct' },
      only: { type: 'string', default: '' },
      all: { type: 'boolean', default: false },
    },
  });
  const [folder, ...rest] = positionals;
  const { lowering, json } = values;
  if (folder === undefined || rest.length > 0) throw new OptionError('golden: name one folder', { next: 'npm run golden -- test/golden' });
  if (lowering !== 'direct' && lowering !== 'fast' && lowering !== 'winograd') {
    throw new OptionError(`--lowering ${lowering}: no such lowering`, {
      expected: 'direct (the strict reference), fast, or winograd (fast without choice)',
    });
  }
  if (!json && lowering !== 'direct') {
    console.log(
      'fast: another order of summation; models are held to its wider limits (test/golden/README.md), all else to the same ones.',
    );
  }
  const reports: CaseReport[] = [];
  for await (const report of runGolden(folder, lowering, values.only)) {
    reports.push(report);
    if (json) continue;
    const { name, status, checks } = report;
    const worst = checks.reduce((m, { worstAbs }) => Math.max(m, worstAbs), 0);
    console.log(`${status.padEnd(16)} ${name}${checks.length > 0 ? `: ${checks.length} tensors, worst error ${number(worst)}` : ''}`);
    for (const check of checks) if (values.all || checks.length <= 40 || !check.ok) console.log(row(check));
  }
  const count = (status: CaseReport['status']): number => reports.filter((report) => report.status === status).length;
  const summary = {
    passed: count('passed'),
    failed: count('failed'),
    notCoveredYet: count('not covered yet'),
    unknownKind: count('unknown kind'),
  };
  if (json) console.log(JSON.stringify({ lowering, ...summary, cases: reports }));
  else
    console.log(
      `\n${summary.passed} passed, ${summary.failed} failed; ${summary.notCoveredYet} not covered yet, ${summary.unknownKind} of unknown kind`,
    );
  return summary.failed + summary.unknownKind > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof LiaeError;
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  const isMissing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
  console.error(known ? error.report() : isUsage || isMissing ? error.message : error);
  process.exitCode = known || isUsage || isMissing ? 2 : 1;
}
