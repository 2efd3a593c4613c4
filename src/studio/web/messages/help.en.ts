/** Texts of the help and the first tour, in English. */
export const helpEn = {
  help: 'Help',
  helpWay: 'From clips to a film',
  way_clips: 'Drop two clips on the page: of the person to learn (source), and of the one who gets that face (destination).',
  way_faces: 'Extract the faces of both. Measure and sort them; take out what is blurred, turned away or somebody else.',
  way_train: 'Train a model on both facesets until the swap in the preview is sharp: hours to days.',
  way_merge: 'Merge its faces into the destination clip.',
  way_verify: 'Verify the film: it says of itself that a model changed it.',
  helpKeys: 'Keys',
  key_help: 'this help',
  key_escape: 'close what is open; in the grid, select none',
  key_tab: 'from one control to the next',
  key_arrows: 'in the grid of faces: move; with Shift, select',
  key_space: 'select a face',
  key_all: 'select all faces',
  key_enter: 'look at a face closely',
  key_delete: 'move faces to the trash; Undo brings them back',
  helpHere: 'All of it stays here',
  helpHereText:
    'Nothing leaves this machine: the page loads nothing from elsewhere and works without a network. Everything done here is a command of liae, so terminal and page can be used in turns. Use footage whose people agreed.',
  helpManual: 'liae {0}; the manual is in its folder docs, and liae help lists every command.',
  tour: 'First tour',
  tourAgain: 'Show the first tour',
  tourStep: 'Step {0} of {1}',
  tourLeave: 'Leave the tour',
  tourDone: 'done',
  tourEnd: 'End the tour',
  back: 'Back',
  nextStep: 'Next',
  extractBoth: 'Extract both',
  trainDemo: 'Train the demo’s model (3 minutes)',
  tour_clips: 'Bring two clips',
  tour_clips_text:
    'One shows the person to learn from (source), the other the one who gets that face (destination). Drop them anywhere on this page, or take the demo’s.',
  tour_extract: 'Extract the faces',
  tour_extract_text:
    'On the card of each clip. Faces are found, followed through the frames, aligned and cut out; how far it is shows under Jobs.',
  tour_faces: 'Look at the faces',
  tour_faces_text:
    'Measure them, sort by sharpness or pose, and move what is wrong to the trash: what a model does not see, it cannot learn wrong. Nothing is deleted.',
  tour_train: 'Train a model',
  tour_train_text:
    'It learns both faces. The preview shows the swap getting sharper; stop whenever you like and go on later. The demo starts from weights that know faces.',
  tour_film: 'Make and verify the film',
  tour_film_text:
    'Merge the learned faces into the destination clip. The film carries a signed note of how it was made; Verify reads it back.',
} as const;
