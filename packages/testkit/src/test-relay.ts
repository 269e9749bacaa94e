import type { ConnectionOptions } from 'node:tls'
import { type RunningRelay, type StartRelayOptions, startRelay } from '@postern/server'
import { type RawDialOptions, RawWebSocket } from './raw-web-socket.ts'
import { ScriptedListener } from './scripted-listener.ts'
import { signToken } from './sign-token.ts'

/** A relay in this process with what tests ask of it at hand. */
export interface TestRelay extends AsyncDisposable {
  readonly relay: RunningRelay
  /** `host:port` of the data door. */
  readonly host: string
  /** TLS options that trust the relay's CA. */
  readonly tls: ConnectionOptions
  /** Connection strings of a hybrid connection of namespace `local`. */
  access(name?: string): { readonly listen: string; readonly send: string }
  /** `wss://host/$hc/path?query` */
  url(path: string, query: string): string
  /** Opens a control channel that does only what the test says. */
  listen(name?: string, options?: ListenOptions): Promise<ScriptedListener>
  /** Opens a sender; it waits for its listener. */
  connect(path?: string, options?: Omit<RawDialOptions, 'url'> & { readonly query?: string }): Promise<RawWebSocket>
}

/** How a scripted listener comes. */
export interface ListenOptions {
  readonly id?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One default namespace `local` with `echo` (needs tokens) and `open` (takes senders without). */
const defaultResources = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }],
      hybridConnections: [{ name: 'echo' }, { name: 'open', requiresClientAuthorization: false }],
    },
  ],
} satisfies StartRelayOptions['resources']

/** Starts a relay in memory on free ports; refusals are answered without delay unless an option says otherwise. */
export async function startTestRelay(options: StartRelayOptions = {}): Promise<TestRelay> {
  const relay = await startRelay({
    resources: defaultResources,
    ...options,
    options: { refusalDelay: '0ms', ...options.options },
  })
  return wrapRelay(relay)
}

/** The same around a relay that runs already, here or in another process. */
export function wrapRelay(relay: RunningRelay): TestRelay {
  const host = new URL(relay.data).host
  const scheme = relay.data.startsWith('https') ? 'wss' : 'ws'
  const tls = relay.caPem === null ? {} : { ca: relay.caPem }
  const access = (name = 'echo'): { listen: string; send: string } => {
    const found = relay.hybridConnections().find((entity) => entity.name === name)
    if (!found?.listen || !found.send) throw new Error(`no hybrid connection ${name} with Listen and Send`)
    return { listen: found.listen, send: found.send }
  }
  const url = (path: string, query: string): string => `${scheme}://${host}/$hc/${path}?${query}`
  return {
    relay,
    host,
    tls,
    access,
    url,
    listen: (name = 'echo', { id, token, headers } = {}) =>
      ScriptedListener.open({
        url: url(name, `sb-hc-action=listen${id === undefined ? '' : `&sb-hc-id=${id}`}`),
        token: token ?? signToken(access(name).listen),
        tls,
        ...(headers && { headers }),
      }),
    connect: (path = 'echo', { query = '', headers, ...dial } = {}) => {
      const [name = ''] = path.split('/')
      return RawWebSocket.dial({
        url: url(path, `${query === '' ? '' : `${query}&`}sb-hc-action=connect`),
        headers: headers ?? { ServiceBusAuthorization: signToken(access(name).send) },
        tls,
        ...dial,
      })
    },
    [Symbol.asyncDispose]: () => relay.stop(),
  }
}
