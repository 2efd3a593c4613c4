/**
 * The variables of a model in the order of the reference's checkpoints, which is that of definition there, not of use. The order
 * matters for files that are to be equal byte for byte, and for nothing else: variables are found by name.
 */
import { input } from '../graph/index.ts';
import { Scope, type Variable } from '../nn/index.ts';
import type { ModelConfig } from './config.ts';
import { predictBoth } from './predict.ts';
import { wiring } from './wiring.ts';

/** Groups of one network in their order; a variable belongs to the first that its path begins with. Others keep the order of use. */
function groups(network: string, c: ModelConfig): readonly RegExp[] {
  if (network.startsWith('decoder')) {
    const last = c.t ? 4 : 3;
    return [/^upscale\d/, /^res\d/, new RegExp(`^upscalem(?!${last})`), /^out_conv\d?\//, /^upscalem/, /^out_convm/];
  }
  return network === 'D_src' ? [/^convs_/, /^upconvs_/, /^in_conv/, /^out_conv/, /^center_out/, /^center_conv/] : [];
}

/** Sorts variables of any of the model's networks and discriminators. */
export function inCheckpointOrder(variables: readonly Variable[], c: ModelConfig): readonly Variable[] {
  const networks = [...wiring(c).networks, 'D_src', 'dis'];
  const rank = ({ name }: Variable): number => {
    const [network = '', ...path] = name.split('/');
    const group = groups(network, c).findIndex((prefix) => prefix.test(path.join('/')));
    return networks.indexOf(network) * 100 + group;
  };
  return variables
    .map((variable) => ({ variable, rank: rank(variable) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ variable }) => variable);
}

/** All variables of the generator, in checkpoint order. */
export function generatorVariables(c: ModelConfig): readonly Variable[] {
  const p = Scope.root({ lowering: 'direct' });
  const faces = input('faces', [c.resolution, c.resolution, 1, 3]);
  predictBoth(p, faces, faces, c);
  return inCheckpointOrder(p.variables, c);
}
