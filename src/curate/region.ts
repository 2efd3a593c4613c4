/** Where a picture is not black: a masked face fills half of its picture, and what is black needs no computation. */

export interface Region {
  readonly left: number;
  readonly top: number;
  /** Behind the last column and row. */
  readonly right: number;
  readonly bottom: number;
}

/** The smallest rectangle around all values but 0, grown by `margin` inside the picture; empty if all is 0. */
export function paintedRegion(data: ArrayLike<number>, width: number, height: number, channels: number, margin: number): Region {
  let [left, top, right, bottom] = [width, height, 0, 0];
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    let [first, last] = [y * row, (y + 1) * row - 1];
    while (first <= last && data[first] === 0) first++;
    if (first > last) continue;
    while (data[last] === 0) last--;
    left = Math.min(left, Math.trunc((first - y * row) / channels));
    right = Math.max(right, Math.trunc((last - y * row) / channels) + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  if (bottom === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  return {
    left: Math.max(0, left - margin),
    top: Math.max(0, top - margin),
    right: Math.min(width, right + margin),
    bottom: Math.min(height, bottom + margin),
  };
}
