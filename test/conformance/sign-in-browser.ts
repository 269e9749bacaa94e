import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { text } from 'node:stream/consumers'

export interface BrowserAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  /** Where it sends the browser, as a whole address. */
  readonly location: URL | undefined
}

export interface BrowserOptions {
  /** Where the site is, whatever its name says. */
  readonly sitePort: number
  /** Default: 127.0.0.1. */
  readonly siteAddress?: string
  readonly siteName: string
  /** Absent: it speaks plain HTTP, as behind a load balancer. */
  readonly caPem?: string
}

/** A browser as far as a sign-in needs one: it keeps cookies by host, and says what browsers say. */
export class SignInBrowser {
  readonly cookies = new Map<string, Map<string, string>>()
  readonly #options: BrowserOptions

  constructor(options: BrowserOptions) {
    this.#options = options
  }

  /** The cookies of the site, as a header. */
  get siteCookies(): string {
    return this.#cookieHeader(this.#options.siteName)
  }

  /** @param path of the site, or a whole address */
  async get(
    path: string,
    { method = 'GET', headers = {}, body }: { method?: string; headers?: http.OutgoingHttpHeaders; body?: string } = {},
  ): Promise<BrowserAnswer> {
    const { siteName, siteAddress = '127.0.0.1', sitePort, caPem } = this.#options
    // Not resolved: what begins with two slashes stays as it is.
    const isPath = path.startsWith('/')
    const url = isPath ? new URL(`https://${siteName}/`) : new URL(path)
    const isSite = url.hostname === siteName
    const cookie = this.#cookieHeader(url.hostname)
    const request = (isSite && caPem !== undefined ? https : http).request({
      host: isSite ? siteAddress : url.hostname,
      port: isSite ? sitePort : url.port,
      method,
      path: isPath ? path : url.pathname + url.search,
      agent: false,
      signal: AbortSignal.timeout(15_000),
      ...(isSite && caPem !== undefined && { ca: caPem, servername: siteName }),
      headers: { Host: url.host, Accept: 'text/html', ...(cookie !== '' && { Cookie: cookie }), ...headers },
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    this.#keep(url.hostname, response.headers['set-cookie'] ?? [])
    const location = response.headers.location
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await text(response),
      location: location === undefined ? undefined : new URL(location, url),
    }
  }

  #cookieHeader(host: string): string {
    return [...(this.cookies.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  #keep(host: string, lines: readonly string[]): void {
    const jar = this.cookies.get(host) ?? new Map<string, string>()
    this.cookies.set(host, jar)
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0\b|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
  }
}
