/**
 * Small TensorFlow Lite files: written by hand, front to back, so that tests and the fuzz campaign need none of the large ones. Numbers of
 * fields are those of the schema, schema.fbs of TensorFlow Lite.
 */

class Bytes {
  #data = [];

  get length() {
    return this.#data.length;
  }

  number(value, size) {
    const at = this.length;
    for (let i = 0; i < size; i++) this.#data.push((value >> (8 * i)) & 255);
    return at;
  }

  align() {
    while (this.length % 4 !== 0) this.#data.push(0);
  }

  put(bytes) {
    for (const byte of bytes) this.#data.push(byte);
  }

  patch(at, value) {
    for (let i = 0; i < 4; i++) this.#data[at + i] = (value >>> (8 * i)) & 255;
  }

  result() {
    return Uint8Array.from(this.#data);
  }
}

/** Each writes itself and returns its place; what it points to comes behind it. */
const int = (value) => ({ inline: (out) => void out.number(value, 4) });
const byte = (value) => ({ inline: (out) => void out.number(value & 255, 4) });
const behind = (write) => ({ write });
const bytes = (data) => behind((out) => head(out, data.length, () => out.put(data)));
const text = (value) => bytes(new TextEncoder().encode(value));
const ints = (values) => behind((out) => head(out, values.length, () => void values.map((v) => out.number(v, 4))));
const tables = (items) =>
  behind((out) =>
    head(out, items.length, () => {
      const places = items.map(() => out.number(0, 4));
      for (const [i, item] of items.entries()) out.patch(places[i], item.write(out) - places[i]);
    }),
  );
const table = (fields) =>
  behind((out) => {
    out.align();
    const vtable = out.number(4 + 2 * fields.length, 2);
    out.number(4 + 4 * fields.filter((f) => f !== undefined).length, 2);
    let offset = 4;
    for (const field of fields) {
      out.number(field === undefined ? 0 : offset, 2);
      if (field !== undefined) offset += 4;
    }
    out.align();
    const at = out.length;
    out.number(at - vtable, 4);
    const children = [];
    for (const field of fields) {
      if (field === undefined) continue;
      if (field.inline !== undefined) field.inline(out);
      else children.push([out.number(0, 4), field]);
    }
    for (const [place, child] of children) out.patch(place, child.write(out) - place);
    return at;
  });

function head(out, length, rest) {
  out.align();
  const at = out.number(length, 4);
  rest();
  out.align();
  return at;
}

/**
 * @param tensors { shape, type: 0 float32, 1 float16, 2 int32; data: bytes, if constant }
 * @param operators { kind: number of the schema or name of a custom one; inputs, outputs; options: fields as byte(…) and int(…); custom: bytes }
 */
export function liteFile({ tensors, operators, inputs, outputs }) {
  const buffers = [table([]), ...tensors.filter((t) => t.data !== undefined).map((t) => table([bytes(t.data)]))];
  let buffer = 0;
  const codes = operators.map(({ kind }) =>
    typeof kind === 'string' ? table([byte(32), text(kind)]) : table([byte(Math.min(kind, 127)), undefined, undefined, int(kind)]),
  );
  const graph = table([
    tables(
      tensors.map(({ shape, type = 0, data }, i) =>
        table([ints(shape), byte(type), int(data === undefined ? 0 : ++buffer), text(`tensor${i}`)]),
      ),
    ),
    ints(inputs),
    ints(outputs),
    tables(
      operators.map(({ inputs: from, outputs: to, options, custom }, i) =>
        table([
          int(i),
          ints(from),
          ints(to),
          undefined,
          options === undefined ? undefined : table(options),
          custom === undefined ? undefined : bytes(custom),
        ]),
      ),
    ),
  ]);
  const out = new Bytes();
  out.number(0, 4);
  out.put(new TextEncoder().encode('TFL3'));
  out.patch(0, table([int(3), tables(codes), tables([graph]), undefined, tables(buffers)]).write(out));
  return out.result();
}

export const optionByte = byte;
export const optionInt = int;
export const floats = (...values) => new Uint8Array(Float32Array.of(...values).buffer);
export const integers = (...values) => new Uint8Array(Int32Array.of(...values).buffer);

/** Networks that between them use every operator that the converter knows. */
export function sampleNetworks() {
  const picture = [1, 4, 4, 2];
  const window = [byte(0), int(2), int(2)];
  const hex = (digits) => Uint8Array.from(Buffer.from(digits, 'hex'));
  return [
    liteFile({
      tensors: [
        { shape: picture },
        { shape: [3, 3, 3, 2], type: 1, data: new Uint8Array(108).map((_, i) => (i % 2 === 0 ? i : 0x38)) },
        { shape: [3, 3, 3, 2] },
        { shape: [3], data: floats(1, 2, 3) },
        { shape: [1, 2, 2, 3] },
        { shape: [1, 1, 3], data: floats(0.1, 0.2, 0.3) },
        { shape: [1, 2, 2, 3] },
        { shape: [4, 2], type: 2, data: integers(0, 0, 0, 0, 0, 0, 0, 1) },
        { shape: [1, 2, 2, 4] },
        { shape: [1, 8, 2] },
        { shape: [1, 16, 2] },
      ],
      operators: [
        { kind: 6, inputs: [1], outputs: [2] },
        { kind: 3, inputs: [0, 2, 3], outputs: [4], options: [...window, byte(1)] },
        { kind: 54, inputs: [4, 5], outputs: [6] },
        { kind: 34, inputs: [6, 7], outputs: [8] },
        { kind: 22, inputs: [8], outputs: [9] },
        { kind: 2, inputs: [9, 9], outputs: [10], options: [int(1)] },
      ],
      inputs: [0],
      outputs: [10],
    }),
    liteFile({
      tensors: [
        { shape: picture },
        { shape: [1, 3, 3, 2], data: floats(...new Array(18).fill(0.5)) },
        { shape: picture },
        { shape: [1, 2, 2, 2] },
        { shape: [1, 2, 2, 2] },
        { shape: [1, 2, 2, 2] },
        { shape: [2], type: 2, data: integers(4, 4) },
        { shape: picture },
        { shape: [2], data: floats(1, 2) },
        { shape: picture },
        { shape: [1, 2, 2, 2], data: floats(1, 2, 3, 4, 5, 6, 7, 8) },
        { shape: [1], data: floats(1) },
        { shape: [1, 8, 8, 1] },
        { shape: [4], type: 2, data: integers(0, 1, 1, 0) },
        { shape: [4], type: 2, data: integers(0, 8, 8, 1) },
        { shape: [4], type: 2, data: integers(1, 2, 2, 1) },
        { shape: [1, 4, 4, 1] },
      ],
      operators: [
        { kind: 4, inputs: [0, 1, -1], outputs: [2], options: [byte(0), int(1), int(1), int(1), byte(3)] },
        { kind: 17, inputs: [2], outputs: [3], options: [...window, int(2), int(2)] },
        { kind: 1, inputs: [2], outputs: [4], options: [byte(1), int(2), int(2), int(2), int(2)] },
        { kind: 18, inputs: [3, 4], outputs: [5], options: [byte(0)] },
        { kind: 23, inputs: [5, 6], outputs: [7], options: [undefined, undefined, byte(0), byte(1)] },
        { kind: 0, inputs: [7, 8], outputs: [9], options: [byte(1)] },
        { kind: 'Convolution2DTransposeBias', inputs: [9, 10, 11], outputs: [12], custom: integers(1, 2, 2) },
        { kind: 45, inputs: [12, 13, 14, 15], outputs: [16], options: [int(1), int(9)] },
        { kind: 19, inputs: [16], outputs: [16] },
        { kind: 14, inputs: [16], outputs: [16] },
        { kind: 117, inputs: [16], outputs: [16] },
      ],
      inputs: [0],
      outputs: [16],
    }),
    liteFile({
      tensors: [
        { shape: [1, 468, 3] },
        { shape: [1, 4, 4] },
        { shape: [1, 48, 48, 32] },
        { shape: [1, 16, 16, 32] },
        { shape: [1, 468, 2] },
      ],
      operators: [
        { kind: 'Landmarks2TransformMatrix', inputs: [0], outputs: [1], custom: hex(MATRIX_OPTIONS) },
        { kind: 'TransformTensorBilinear', inputs: [2, 1], outputs: [3], custom: hex(SAMPLE_OPTIONS) },
        { kind: 'TransformLandmarks', inputs: [4, 1], outputs: [4] },
      ],
      inputs: [0, 2, 4],
      outputs: [3, 4],
    }),
  ];
}

/** Options as the attention mesh has them: a FlexBuffer of indices, a size and a scale; and one of a size alone. */
const MATRIX_OPTIONS = [
  '6c6566745f726f746174696f6e5f696478006f75747075745f686569676874006f75747075745f77696474680072696768745f726f746174696f6e5f',
  '696478007363616c655f78007363616c655f79007375627365745f696478730050003d0092005b00b500540011003a019501410177012301b9002800',
  '2700250000000b010d010e0199014e005f005800b20057000e003d0192013e0144013401bf005000510052000d003801370136019f014c004d005a00',
  'b400550010003b019401400133013201b8004a00490048000b002e012f01300198013e0060005900b30056000f003c0193013f0145012401b7002a00',
  '290026000c000c010f01100197017461726765745f726f746174696f6e5f72616469616e7300080018010801fc00f100e000da00d400280010000000',
  '02000000080000003d0000001000000010000000230100000000c03f0000c03fee00000000000000060606060e0e2d0e282601',
].join('');
const SAMPLE_OPTIONS = '6f75747075745f686569676874006f75747075745f776964746800021c0f02010210100404042401';
