/** Which requests change something: what page and server refuse where one may only look. */

/** Requests that have a body and change nothing: pictures and numbers that are made on request, and files that are read and not kept. */
const looking = /^\/(merge\/(scene|picture)|training\/estimate|verify\/[^/]*)$/;

/** @param path  behind /api, without the query. */
export const isActing = (method: string, path: string): boolean => method !== 'GET' && !looking.test(path);
