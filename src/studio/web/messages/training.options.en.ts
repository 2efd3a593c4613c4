/** What every option of training does, what people set it to, and what it costs. By the names of the option table; a test keeps the two equal. */

export interface OptionText {
  /** As the form calls it. */
  readonly label: string;
  readonly does: string;
  /** What people usually set, and when. */
  readonly typical: string;
  /** Time and memory. */
  readonly cost: string;
}

const free = 'None.';

export const optionTextsEn = {
  src: {
    label: 'src',
    does: 'Faces of the source: the person to be seen in the film. The model learns this identity.',
    typical: '500 to 5,000 sharp faces of many angles, expressions and lights.',
    cost: 'None for training; decoded faces are kept up to the memory of the option cache mb.',
  },
  dst: {
    label: 'dst',
    does: 'Faces of the destination: the person whose place is taken. Expression, pose and light come from here.',
    typical: 'Every face of the shot that will be merged, and no others.',
    cost: 'None for training; decoded faces are kept up to the memory of the option cache mb.',
  },
  target: {
    label: 'target',
    does: 'Saves and stops at this iteration. 0 trains until it is stopped.',
    typical: '0 while you watch it; a number for the night.',
    cost: free,
  },
  batch_size: {
    label: 'batch size',
    does: 'Samples of each side that one iteration learns from. More give steadier steps.',
    typical: '4 to 8 at 128 pixels, 2 to 4 at 256; as many as the memory takes late in training.',
    cost: 'Time grows in proportion, memory nearly so: about 0.8 GiB a sample at 128 pixels, 4 GiB at 256.',
  },
  from: {
    label: 'from',
    does: 'First weights of a new model from another of the same network: it begins as a model that knows faces.',
    typical: 'Any well-trained model of the same resolution, architecture and dims. It saves most of the first day.',
    cost: 'Reading it once.',
  },
  seed: {
    label: 'seed',
    does: 'Of the first weights, the samples and the preview. The same seed repeats a training bit for bit on one machine.',
    typical: '0.',
    cost: free,
  },
  resolution: {
    label: 'resolution',
    does: 'Side of the face that the network paints, in pixels. Rounded down to a multiple of 16, of 32 with the letters d or t.',
    typical: '128 for medium shots, 192 to 256 for close-ups. Take what the face measures in the film, not more.',
    cost: 'Twice the side is four times the time and about four times the memory of an iteration.',
  },
  face_type: {
    label: 'face type',
    does: 'How much around the face is modelled: h half, mf mid-half, f full, wf whole face with forehead, head with hair.',
    typical: 'f or wf. wf wants masks where hair or hands cross the face.',
    cost: 'None in itself; a wider crop leaves fewer pixels for eyes and mouth.',
  },
  archi: {
    label: 'archi',
    does: 'The network. liae follows the light and shape of the destination, df keeps more of the source. Letters: u likeness, d twice the pixels for the same work, t sharper and slower, c another activation.',
    typical: 'liae-ud up to 192 pixels, liae-udt from 224, df-ud when both faces are alike in shape and light.',
    cost: 'Without d, an iteration computes about three and a half times as much; t adds about a fifth.',
  },
  ae_dims: {
    label: 'ae dims',
    does: 'Width of the code between encoder and decoder: how much of a face can pass.',
    typical: '256; 384 to 512 at 256 pixels and more, if there is memory.',
    cost: 'Memory and time of the middle layers: 512 instead of 256 about doubles the parameters.',
  },
  e_dims: {
    label: 'e dims',
    does: 'Width of the encoder: how finely faces are read.',
    typical: '64.',
    cost: 'Time and memory grow faster than in proportion.',
  },
  d_dims: {
    label: 'd dims',
    does: 'Width of the decoder: how finely faces are painted.',
    typical: '64; 72 to 96 for more skin detail.',
    cost: 'The most expensive of the dims: the decoder works at the full resolution.',
  },
  d_mask_dims: {
    label: 'd mask dims',
    does: 'Width of the branch that paints the mask.',
    typical: '22, a third of d dims.',
    cost: 'Small.',
  },
  random_warp: {
    label: 'random warp',
    does: 'Bends the inputs at random, so that the model learns what a face is and not one picture. Off sharpens at the end; in liae it also freezes inter_AB.',
    typical: 'On until previews no longer improve, then off for 10,000 to 100,000 iterations.',
    cost: 'None; off is slightly faster.',
  },
  random_src_flip: {
    label: 'random src flip',
    does: 'Mirrors source faces at random: angles that were shot from one side only are learned for both.',
    typical: 'Off; on where the source lacks angles. A mole or a parting may then wander.',
    cost: free,
  },
  random_dst_flip: {
    label: 'random dst flip',
    does: 'Mirrors destination faces at random.',
    typical: 'On; off at the very end for a side-true likeness.',
    cost: free,
  },
  ct_mode: {
    label: 'ct mode',
    does: 'Gives source faces the colours of random destination faces, so that light and skin meet. rct and lct match means and spreads, mkl and idt whole distributions, sot the order of values.',
    typical: 'rct or lct where the lights differ, none where they are alike.',
    cost: 'Sampling only: rct and lct little, idt and sot more; none while sampling keeps up.',
  },
  random_hsv_power: {
    label: 'random hsv power',
    does: 'Shifts hue, saturation and brightness of the source input at random: the model relies less on exact colours.',
    typical: '0, or 0.05.',
    cost: 'Sampling only, little.',
  },
  uniform_yaw: {
    label: 'uniform yaw',
    does: 'Takes samples evenly over the turn of the head, so that profiles are not forgotten.',
    typical: 'On for some 10,000 iterations where profiles are blurred.',
    cost: 'None; the poses are read once at the start.',
  },
  symmetric_warp: {
    label: 'symmetric warp',
    does: 'The warp as DeepFaceLab does it, symmetric about the diagonal. Off bends rows and columns independently.',
    typical: 'On: the same results as DeepFaceLab.',
    cost: free,
  },
  half_pixel_shift: {
    label: 'half pixel shift',
    does: 'Keeps the half pixel by which DeepFaceLab’s warped inputs are off. Off removes it.',
    typical: 'On: the same results as DeepFaceLab.',
    cost: free,
  },
  masked_training: {
    label: 'masked training',
    does: 'Losses count inside the face mask only: the network spends itself on the face and not on the background.',
    typical: 'On. Off for wf or head when the surroundings are to be painted too.',
    cost: free,
  },
  eyes_mouth_prio: {
    label: 'eyes mouth prio',
    does: 'Errors on eyes and mouth weigh more. Helps against wandering looks and soft teeth.',
    typical: 'Off at first, on for some 10,000 iterations before the finish.',
    cost: free,
  },
  blur_out_mask: {
    label: 'blur out mask',
    does: 'Smooths what lies just outside the mask in the targets, so that nothing of the background shines through its edge.',
    typical: 'Off; on with exact masks.',
    cost: 'Hardly any.',
  },
  face_style_power: {
    label: 'face style power',
    does: 'Draws the colour of the swapped face towards the destination’s. It can collapse the model.',
    typical: '0. If at all, after 10,000 iterations, from 0.001, with a backup.',
    cost: 'A second run of the decoder: about a fifth more to compute.',
  },
  bg_style_power: {
    label: 'bg style power',
    does: 'Draws what surrounds the swapped face towards the destination. It can collapse the model.',
    typical: '0. If at all, 2, with a backup.',
    cost: 'The swap is painted and corrected too: about a quarter more to compute.',
  },
  true_face_power: {
    label: 'true face power',
    does: 'df only: makes codes of source and destination alike, so that more of the source shows.',
    typical: '0, or 0.01 late.',
    cost: 'A small network more.',
  },
  gan_power: {
    label: 'gan power',
    does: 'A second network judges patches of the picture and forces pores, hair and lashes. For the very end; once on, leave it on.',
    typical: '0; 0.1 when everything else is done, with random warp off and lr dropout on. Back up first.',
    cost: 'About two thirds more to compute, up to 2 GiB more at 128 pixels.',
  },
  gan_patch_size: {
    label: 'gan patch size',
    does: 'How large a patch the judge sees. A change starts the judge afresh.',
    typical: 'An eighth of the resolution.',
    cost: 'Larger patches mean more layers, little more time.',
  },
  gan_dims: {
    label: 'gan dims',
    does: 'Width of the judge. A change starts it afresh.',
    typical: '16; 32 for close-ups.',
    cost: 'Time and memory of the judge grow with its square.',
  },
  tv_axes: {
    label: 'tv axes',
    does: 'Along which axes the finish is kept smooth. channels-rows is what DeepFaceLab does on a GPU, by a slip.',
    typical: 'rows-columns.',
    cost: free,
  },
  learning_rate: {
    label: 'learning rate',
    does: 'How large the steps are. Too large collapses the model, too small learns nothing.',
    typical: '5e-5, as DeepFaceLab always has it. 1e-5 to steady a model that jumps; more only for small models.',
    cost: free,
  },
  adabelief: {
    label: 'adabelief',
    does: 'The optimizer AdaBelief; off means RMSprop. AdaBelief learns more surely, RMSprop remembers half as much.',
    typical: 'On; off where memory is short.',
    cost: 'On takes twice RMSprop’s memory for its state, and a little more time.',
  },
  lr_dropout: {
    label: 'lr dropout',
    does: 'Moves a random 30 % of the weights each iteration, with a learning rate that swings. Gets the last sharpness out of a trained model.',
    typical: 'n until faces are sharp with warp on, then y; before gan power.',
    cost: 'The draws of every iteration: a little more time.',
  },
  clipgrad: {
    label: 'clipgrad',
    does: 'Bounds every step, so that one bad batch cannot throw the model off. The first thing to turn on after a loss that was not a number.',
    typical: 'Off; on with style powers, and after a collapse.',
    cost: 'A little more time.',
  },
  save_every: {
    label: 'save every',
    does: 'Iterations between saves. 0 saves every 25 minutes.',
    typical: '0; 500 to 1,000 where power is unsure.',
    cost: 'A save takes about 3 s for each GiB.',
  },
  backup_every: {
    label: 'backup every',
    does: 'Hours between backups, which one can go back to. 0 makes none.',
    typical: '2 to 6.',
    cost: 'Disk: each keeps a whole save.',
  },
  keep_backups: {
    label: 'keep backups',
    does: 'How many backups are kept; the oldest goes first.',
    typical: '24.',
    cost: 'Disk: a save each.',
  },
  preview_every: {
    label: 'preview every',
    does: 'Iterations between previews. 0 means 500.',
    typical: '0; 100 while you watch.',
    cost: 'Each costs a part of an iteration, and a picture on the disk.',
  },
  write_preview_history: {
    label: 'write preview history',
    does: 'A dense series of previews, to look at the learning afterwards.',
    typical: 'Off.',
    cost: 'A preview every 10 to 40 iterations, and its picture on the disk.',
  },
  workers: {
    label: 'workers',
    does: 'Threads that make samples. 0 chooses from the cores.',
    typical: '0.',
    cost: 'Each takes a core, and memory for its samples.',
  },
  cache_mb: {
    label: 'cache mb',
    does: 'Memory for decoded faces, shared by all workers. Whoever fits is not decoded again.',
    typical: '1024; more for large sets on machines with room.',
    cost: 'As much memory as it says.',
  },
  lowering: {
    label: 'lowering',
    does: 'How convolutions are computed: fast forms, or one by one as a check of them.',
    typical: 'fast.',
    cost: 'direct is slower.',
  },
} as const satisfies Readonly<Record<string, OptionText>>;
