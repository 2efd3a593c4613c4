/** The 68 iBUG landmarks as indices of refined vertices (HeadModel.refine), the same for every identity and expression. */
export const LANDMARKS_68 = [
  19969,
  9653,
  19333,
  8039,
  797,
  15040,
  17749,
  948,
  18797,
  4064,
  23915,
  21261,
  3924,
  11118,
  25456,
  12721,
  26088, // 0–16 jaw, fixed points of the skin, not the silhouette
  8804,
  7120,
  14161,
  14134,
  14169, // 17–21 brow, image left (nearest vertices; Person.landmarks follows the painted brow)
  20435,
  20401,
  20430,
  10205,
  11881, // 22–26 brow, image right
  148,
  149,
  298,
  14347,
  7178,
  14334,
  14395,
  20595,
  10263, // 27–35 nose
  7792,
  15795,
  7803,
  7802,
  15784,
  9457, // 36–41 eye, image left
  10881,
  10882,
  21986,
  10871,
  12527,
  21973, // 42–47 eye, image right
  14672,
  14554,
  479,
  398,
  3640,
  20805,
  20920,
  12602,
  3699,
  657,
  541,
  9532, // 48–59 lips, outer
  446,
  7319,
  521,
  10404,
  3609,
  10415,
  14905,
  7331, // 60–67 lips, inner
];

/** Edge of the face mask from ear to ear, along the corner of the jaw. */
export const JAW_OUTLINE = [19969, 20001, 9651, 15405, 15041, 834, 17749, 948, 18797, 4064, 23915, 3958, 21260, 21613, 12719, 26120, 26088];
