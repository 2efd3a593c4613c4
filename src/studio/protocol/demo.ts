/** The demo: which bundled files it consists of, and how its model is trained. Chosen by trials on two cores against its truth score (docs/log.md). */

/** By their names in assets/demo and in a workspace. */
export const demoFiles = [
  { asset: 'src.mp4', name: 'data_src.mp4' },
  { asset: 'dst.mp4', name: 'data_dst.mp4' },
  { asset: 'base.safetensors.gz', name: 'base.safetensors.gz' },
] as const;

/** The base that it starts from was learned from rendered strangers by the recipe of assets/demo/README.md; neither of the two people is among them. */
export const demoOptions = {
  ...{ archi: 'liae-ud', resolution: 64, face_type: 'f', ae_dims: 64, e_dims: 24, d_dims: 24, d_mask_dims: 16, batch_size: 4 },
  ...{ learning_rate: 3e-4, adabelief: false, eyes_mouth_prio: true, random_src_flip: true, random_dst_flip: true, preview_every: 500 },
} as const;
