import type { Logger } from '@postern/program'
import type { RelayConfig, RunningRelay } from '@postern/server'
import { signToken } from '../sign-token.ts'
import type { DemoFacts } from './demo-report.ts'
import { addDemoResources, type UsableHybridConnection } from './demo-resources.ts'
import { DemoService } from './demo-service.ts'
import { DemoTunnel } from './demo-tunnel.ts'
import { proveRequest } from './prove-request.ts'
import { type RelayAccess, relayAccess } from './relay-access.ts'

/** What runs beside the relay, with what is known of it. */
export interface RunningDemo extends AsyncDisposable {
  readonly facts: DemoFacts
}

/**
 * Starts a private service and a tunnel to it through the relay, and sends real requests to see that it works.
 * @throws {Error} that says what did not work; nothing of the demo is left running then
 */
export async function runDemo(
  relay: RunningRelay,
  { config, log }: { readonly config: RelayConfig; readonly log: Logger },
): Promise<RunningDemo> {
  await using parts = new AsyncDisposableStack()
  const resources = await addDemoResources(relay)
  const access = relayAccess(relay, config, resources.demo.listen)
  const service = parts.use(await DemoService.start())
  const { port: servicePort } = service
  const tunnel = parts.use(await DemoTunnel.start({ hybridConnection: resources.demo, access, servicePort, log }))
  const tunnelMs = await proveTunnel(tunnel)
  const httpMs = await proveHttp(resources.demo, access)
  const { localAddress } = tunnel
  const running = parts.move()
  return {
    facts: { ...resources, servicePort, localAddress, tunnelMs, httpMs },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function proveTunnel(tunnel: DemoTunnel): Promise<number> {
  const { hostname, port } = new URL(`http://${tunnel.localAddress}`)
  try {
    return await proveRequest({ protocol: 'http:', host: hostname, port })
  } catch (cause) {
    const reasons = [(cause as Error).message, ...tunnel.problems].join('; ')
    throw new Error(`The demo request did not come through the tunnel: ${reasons}`, { cause })
  }
}

async function proveHttp({ name, send }: UsableHybridConnection, access: RelayAccess): Promise<number> {
  const { host, port, tls } = access
  const { token } = signToken(send, { ttlMs: 60_000 })
  try {
    return await proveRequest({
      protocol: tls === false ? 'http:' : 'https:',
      host,
      port,
      ...(tls !== false && { ca: tls.ca, servername: tls.servername }),
      pathPrefix: `/${name}`,
      headers: { ServiceBusAuthorization: token },
    })
  } catch (cause) {
    throw new Error(`The demo request did not come through the relay over HTTP: ${(cause as Error).message}`, { cause })
  }
}
