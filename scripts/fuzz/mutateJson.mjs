/**
 * Damages text of JSON where it still is JSON, so that what comes behind JSON.parse is reached: values of other kinds and sizes, keys and lines
 * gone, twice, or from elsewhere. What breaks the syntax is mutate.mjs's.
 */
const values = [
  ...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53)],
  ...['', 'x', '..', '../x', '/etc/x', 'a\\b', '\0', '__proto__', 'constructor', '\ud800', '9'.repeat(400), 'y'.repeat(5000)],
  ...[[], {}, [[]], [null], { x: 1 }, Array(300).fill(0)],
];

const pick = (rng, items) => items[rng.integer(0, items.length)];

/** @param text  one JSON value, or one a line.  @param others  texts to take lines from. */
export function mutateJson(rng, text, others) {
  const isLines = text.trimEnd().includes('\n') && isJson(text.slice(0, text.indexOf('\n')));
  const parts = isLines ? text.trimEnd().split('\n') : [text];
  for (let rounds = rng.integer(1, 4); rounds > 0 && parts.length > 0; rounds--) {
    const at = rng.integer(0, parts.length);
    if (isLines && rng.integer(0, 4) === 0) {
      const from = pick(rng, others).trimEnd().split('\n');
      const lines = [[], [parts[at], parts[at]], [pick(rng, from)], [parts[at], '{}'], [parts[at], 'null']];
      parts.splice(at, 1, ...pick(rng, lines));
      continue;
    }
    if (!isJson(parts[at])) continue;
    parts[at] = JSON.stringify(changed(rng, JSON.parse(parts[at]))) ?? 'null';
  }
  return isLines ? `${parts.join('\n')}${rng.integer(0, 8) === 0 ? '' : '\n'}` : (parts[0] ?? '');
}

/** One place of a value, found by going down at random, is another. */
function changed(rng, value) {
  const isTable = typeof value === 'object' && value !== null;
  const keys = isTable ? Object.keys(value) : [];
  if (keys.length === 0 || rng.integer(0, 12) === 0) return number(rng, value);
  const key = pick(rng, keys);
  const out = Array.isArray(value) ? [...value] : { ...value };
  switch (rng.integer(0, 8)) {
    case 0:
      if (Array.isArray(out)) out.splice(Number(key), 1);
      else delete out[key];
      return out;
    case 1:
      if (Array.isArray(out)) out.splice(Number(key), 0, out[key]);
      else out[pick(rng, ['__proto__', 'x', 'constructor', 'length'])] = out[key];
      return out;
    case 2:
      out[key] = out[pick(rng, keys)];
      return out;
    default:
      out[key] = changed(rng, value[key]);
      return out;
  }
}

/** Numbers go on being numbers half of the time. */
function number(rng, value) {
  if (typeof value !== 'number' || rng.integer(0, 2) === 0) return pick(rng, values);
  return pick(rng, [-value, value + 1, value * 1e6, value / 1e6, value + 0.5, Math.round(value), value * 1e300, 0]);
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
