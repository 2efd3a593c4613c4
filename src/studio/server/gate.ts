/**
 * Who may come in. The page's address carries a token, which becomes a cookie that scripts cannot read; a request without it gets nothing. Requests
 * under another host name (a name that an attacker's server points at this machine) or from another page are refused before anything else.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Problem } from '../protocol.ts';

export interface GateOptions {
  readonly token: string;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly port: number;
  /** Whether other machines may change anything; without it they look on. */
  readonly remoteChanges: boolean;
}

export interface Visit {
  readonly method: string;
  /** Path and query. */
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
}

export type Verdict =
  | { readonly pass: true /** To be set: the visitor brought the token in the address. */; readonly cookie?: string }
  | { readonly pass: false; readonly status: 401 | 403; readonly why: string };

const loopback = ['127.0.0.1', 'localhost', '[::1]'];

export function judge({ method, url, header }: Visit, options: GateOptions): Verdict {
  const host = header('host');
  if (host === undefined || !isOwnHost(host, options)) return { pass: false, status: 403, why: 'another host name than this server has' };
  const origin = header('origin');
  if (origin !== undefined && origin !== `http://${host}`) return { pass: false, status: 403, why: 'asked by another page' };
  const site = header('sec-fetch-site');
  if (site !== undefined && !['same-origin', 'none'].includes(site) && !(method === 'GET' && url.pathname === '/'))
    return { pass: false, status: 403, why: 'asked by another page' };
  const given = method === 'GET' && url.pathname === '/' ? url.searchParams.get('token') : null;
  if (given !== null && isSame(given, options.token)) return { pass: true, cookie: cookieText(options) };
  const carried = cookieOf(header('cookie') ?? '', cookieName(options));
  if (carried !== undefined && isSame(carried, options.token)) return { pass: true };
  return { pass: false, status: 401, why: 'without the token' };
}

/** Cookies are shared by all ports of a host, so each studio has one of its own. */
const cookieName = ({ port }: GateOptions): string => `liae-studio-${port}`;
const cookieText = (options: GateOptions): string =>
  `${cookieName(options)}=${options.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800`;

/** A bare address cannot be pointed elsewhere by a foreign name server, so where the network is served, every address is right. */
function isOwnHost(given: string, { host, port }: GateOptions): boolean {
  const end = `:${port}`;
  const name = given.endsWith(end) ? given.slice(0, -end.length) : port === 80 ? given : undefined;
  if (name === undefined) return false;
  if (loopback.includes(name.toLowerCase())) return true;
  return !isLoopback(host) && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** Both ends of a connection. */
export interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
}

/** Whether it comes from this machine: over loopback, or from the very address that it came to. What is not known is taken for another machine. */
export function isFromHere({ remoteAddress, localAddress }: Ends): boolean {
  if (remoteAddress === undefined) return false;
  return isLoopback(remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')) || remoteAddress === localAddress;
}

/** To another machine that may only look. */
export const lookingOnly: Problem = {
  message: 'other machines may only look at this workspace',
  found: 'a request from another machine that would change something',
  expected: 'changes from the machine that liae studio runs on',
  next: 'start it with --remote-changes, if all who have the address may change everything here',
};

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function cookieOf(text: string, name: string): string | undefined {
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** In a time that does not tell how much of it is right. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Sent with every answer: nothing from elsewhere is loaded, and no other page may frame, read or guess at what is here. */
export const guards: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};
