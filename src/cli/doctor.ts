/** `liae doctor`: what a bug report needs, and whether training can work here. */
import { describeMachine } from '../platform/node/machine.ts';
import type { Command } from './command.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'what this machine and installation offer',
  usage: '[--json]',
  about: 'Prints versions, cores, memory and the providers of ONNX Runtime. Exit code 1 if ONNX Runtime does not load.',
  flags: [{ name: 'json', kind: 'switch', help: 'print one JSON object' }],
  async run({ values }, { out }) {
    const machine = describeMachine();
    const { onnxRuntime: runtime } = machine;
    if (values.json === true) out(`${JSON.stringify(machine, null, 2)}\n`);
    else {
      const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
      const rows = [
        ['liae', machine.liae],
        ['node', machine.node],
        ['system', machine.system],
        ['processor', `${machine.cpu}, ${machine.cores} cores`],
        ['memory', `${gib(machine.memoryBytes)}, ${gib(machine.freeBytes)} free`],
        ['onnxruntime', 'problem' in runtime ? `does not load: ${runtime.problem}` : runtime.version],
        ['providers', 'problem' in runtime ? '-' : `${runtime.providers.join(', ')}; training uses cpu`],
      ];
      out(rows.map(([name, text]) => `${name!.padEnd(12)} ${text}\n`).join(''));
    }
    return 'problem' in runtime ? 1 : 0;
  },
};
