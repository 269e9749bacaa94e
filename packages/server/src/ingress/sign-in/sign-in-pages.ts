import { devicePage, escapeHtml } from '../../identity/endpoints/device-page-html.ts'
import { ownPathPrefix } from './return-path.ts'

/** An HTTP answer of the relay itself. */
export interface OwnAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}

interface Page {
  readonly status: number
  readonly title: string
  /** Sentences, not HTML. */
  readonly says: readonly string[]
  /** Where the person can go on. */
  readonly link?: { readonly href: string; readonly words: string }
  readonly cookies?: readonly string[]
  readonly retryAfterS?: number
}

/** Where people sign in by their own wish; with `?return=/path` and `?again`. */
export const signInPath = `${ownPathPrefix}sign-in`

/** A page for a person: what is the matter, and what to do. */
export function signInPage({ status, title, says, link, cookies = [], retryAfterS }: Page): OwnAnswer {
  const paragraphs = says.map((sentence) => `<p>${escapeHtml(sentence)}</p>`)
  const onward = link ? [`<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.words)}</a></p>`] : []
  const { headers, body } = devicePage({ status, title, content: [...paragraphs, ...onward].join('\n') })
  return {
    status,
    text: body,
    headers: {
      ...headers,
      ...(cookies.length > 0 && { 'Set-Cookie': cookies }),
      ...(retryAfterS !== undefined && { 'Retry-After': String(retryAfterS) }),
    },
  }
}

/** For programs, which neither follow a sign-in nor read pages. RFC 9110 section 15.5.2 */
export function unauthorized(realm: string): OwnAnswer {
  return {
    status: 401,
    text: `Sign in with a browser first: open this site, or ${signInPath}.\n`,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      // Not one that browsers ask a password for.
      'WWW-Authenticate': `Cookie realm="${realm}", form-action="${signInPath}"`,
    },
  }
}

/** Sends the browser on. */
export function redirect(location: string, cookies: readonly string[]): OwnAnswer {
  return {
    status: 302,
    text: '',
    headers: {
      Location: location,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Set-Cookie': cookies,
    },
  }
}

export const pages = {
  tooMany: (): OwnAnswer =>
    signInPage({
      status: 429,
      title: 'Too many sign-ins',
      says: ['Too many sign-ins have come from your network. Wait a few seconds, then load the page again.'],
      retryAfterS: 5,
    }),
  issuerAway: (): OwnAnswer =>
    signInPage({
      status: 503,
      title: 'Sign-in is not possible now',
      says: [
        'The service that signs people in for this site does not answer.',
        'Try again in a minute. If it lasts, tell whoever runs this site: the log of the relay says why.',
      ],
      link: { href: '/', words: 'Try again' },
      retryAfterS: 10,
    }),
  notThisBrowser: (): OwnAnswer =>
    signInPage({
      status: 400,
      title: 'This sign-in has no beginning',
      says: [
        'It was begun in another browser, more than ten minutes ago, or with cookies switched off.',
        'Sign in once more, and allow cookies for this site.',
      ],
      link: { href: '/', words: 'Sign in once more' },
    }),
  refused: (cookies: readonly string[]): OwnAnswer =>
    signInPage({
      status: 403,
      title: 'You were not signed in',
      says: [
        'The service that signs people in has refused, or its answer cannot be trusted.',
        'Sign in once more. If it lasts, tell whoever runs this site: the log of the relay says why.',
      ],
      link: { href: `${signInPath}?again`, words: 'Sign in once more' },
      cookies,
    }),
  notAllowed: (who: string, cookies: readonly string[]): OwnAnswer =>
    signInPage({
      status: 403,
      title: 'You may not use this site',
      says: [
        `You are signed in as ${who}, but this site is not open to that account.`,
        'Use another account, or ask whoever runs this site to let you in.',
      ],
      link: { href: `${signInPath}?again`, words: 'Use another account' },
      cookies,
    }),
  signedOut: (cookies: readonly string[]): OwnAnswer =>
    signInPage({
      status: 200,
      title: 'You are signed out',
      says: [
        'This browser may use the site no longer. The service that signed you in may still know you: on a shared computer sign out there too.',
      ],
      link: { href: signInPath, words: 'Sign in again' },
      cookies,
    }),
  askSignOut: (path: string): OwnAnswer =>
    signInPage({
      status: 200,
      title: 'Sign out?',
      says: ['Another site has sent you here.'],
      link: { href: path, words: 'Sign out' },
    }),
  noReturn: (): OwnAnswer =>
    signInPage({
      status: 400,
      title: 'This address leads elsewhere',
      says: ['After the sign-in it would lead to another site, so it is not followed. Go to the front page instead.'],
      link: { href: '/', words: 'Front page' },
    }),
  unknown: (): OwnAnswer =>
    signInPage({
      status: 404,
      title: 'There is no such page',
      says: ['Addresses below /.postern/ belong to the sign-in of this site.'],
      link: { href: '/', words: 'Front page' },
    }),
  method: (): OwnAnswer =>
    signInPage({ status: 405, title: 'This cannot be done', says: ['Pages of the sign-in are read with GET.'] }),
} as const
