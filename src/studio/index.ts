/** The local web application: its server. The page under web/ is built apart and shares protocol.ts alone. */
export { demoOptions } from './protocol.ts';
export { type RunningStudio, type StudioOptions, startStudio } from './server/serve.ts';
