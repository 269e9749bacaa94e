import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { isIP } from 'node:net'
import { RelayError } from '@postern/protocol'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import type { HealthPage } from '../telemetry/health.ts'

/** Where the health pages are. */
export interface HealthPlace {
  readonly host: string
  readonly port: number
}

/**
 * Serves pages to whoever asks: they are for a network of one's own.
 * @throws {RelayError} InvalidConfiguration when the port cannot be had
 */
export async function listenHealth(pages: ReadonlyMap<string, HealthPage>, place: HealthPlace): Promise<Server> {
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '')
    if (!page) return void response.writeHead(404).end()
    page.render().then(
      ({ status, text }) => response.writeHead(status, { 'Content-Type': page.contentType }).end(text),
      () => response.destroy(),
    )
  })
  server.listen(place)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const message = describe(cause as NodeJS.ErrnoException, place)
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
  return server
}

/** The first entry that wants the port of the health pages. */
export function entryAtHealth(entries: readonly IngressEntry[], { host, port }: HealthPlace): IngressEntry | undefined {
  if (port === 0) return undefined
  return entries.find((entry) => entry.protocol === 'tcp' && entry.port === port && mayMeet(entry.address, host))
}

/** Two addresses of a machine can have the same port. */
function mayMeet(address: string | undefined, host: string): boolean {
  const areOther = address !== undefined && isIP(host) !== 0 && address.toLowerCase() !== host.toLowerCase()
  return !areOther || [address, host].some((each) => each === '0.0.0.0' || each === '::')
}

function describe({ code = '', message }: NodeJS.ErrnoException, { host, port }: HealthPlace): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of the health pages is taken by another program. Stop it, or choose another port with --health (0 takes any free one).`
    case 'EACCES':
      return `Port ${port} of the health pages needs more rights than this user has. Choose one from 1024 on with --health, or give the right to bind lower ones.`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}. Correct --health.`
    default:
      return `The health pages cannot listen on port ${port} of ${host}: ${code || message}.`
  }
}
