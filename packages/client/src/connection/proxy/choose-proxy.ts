import { isExempt, isLoopback } from './no-proxy.ts'
import { ProxyServer } from './proxy-server.ts'

/** What {@link chooseProxy} is asked about. */
export interface ProxyDestination {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

/**
 * Chooses the proxy for a destination; undefined means straight ahead. A setting wins over all of the environment: a URL is
 * used for everything, `off` for nothing. Without one, `HTTPS_PROXY` (for TLS) or `HTTP_PROXY`, else `ALL_PROXY` counts,
 * in lower case first, unless `NO_PROXY` names the destination or it is this machine itself.
 *
 * @throws {RelayError} InvalidConfiguration when the setting or the variable cannot be read.
 */
export function chooseProxy(
  setting: string | undefined,
  { host, port, secure }: ProxyDestination,
  env: NodeJS.ProcessEnv = process.env,
): ProxyServer | undefined {
  if (setting === 'off') return undefined
  if (setting !== undefined) return ProxyServer.parse(setting, 'The proxy option')
  const name = namesFor(secure, env).find((each) => env[each])
  const text = name === undefined ? undefined : env[name]
  if (name === undefined || text === undefined) return undefined
  const exempt = env['no_proxy'] || env['NO_PROXY'] || ''
  if (isLoopback(host) || isExempt(exempt, host, port)) return undefined
  return ProxyServer.parse(text, `The environment variable ${name}`)
}

function namesFor(secure: boolean, env: NodeJS.ProcessEnv): readonly string[] {
  if (secure) return ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']
  // Under CGI a request's header `Proxy:` becomes HTTP_PROXY (CVE-2016-5385).
  const upper = env['REQUEST_METHOD'] === undefined ? ['HTTP_PROXY'] : []
  return ['http_proxy', ...upper, 'all_proxy', 'ALL_PROXY']
}
