import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { formatErrorJson } from '@postern/protocol'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'
import type { FrontDoorHandler } from '../front-door/front-door-handler.ts'
import type { ArmDoor } from './arm-door.ts'
import type { DownloadsDoor } from './downloads-door.ts'
import type { DoorRequest, IdentityDoor } from './identity-door.ts'

/** One page of the management door: `GET` and `HEAD` only. */
export interface ManagementPage {
  readonly contentType: string
  /** Status and text, made at each request. */
  render(): Promise<{ readonly status: number; readonly text: string }>
}

export interface ManagementDoorOptions {
  /** By path. */
  readonly pages: ReadonlyMap<string, ManagementPage>
  /** Sign-in. */
  readonly identity: IdentityDoor
  /** Releases; absent: none are served. */
  readonly downloads?: DownloadsDoor | undefined
  /** Everything else. */
  readonly arm: ArmDoor
}

/** The management door: health, metrics, downloads and sign-in by path, everything else is a call of the management API. */
export class ManagementDoor implements FrontDoorHandler {
  readonly #options: ManagementDoorOptions

  constructor(options: ManagementDoorOptions) {
    this.#options = options
  }

  onRequest(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#serve({ request, remote, expectsContinue: false }, response)
  }

  onCheckContinue(request: IncomingMessage, response: ServerResponse, remote: RemoteEndpoint): void {
    this.#serve({ request, remote, expectsContinue: true }, response)
  }

  onUpgrade(_request: IncomingMessage, socket: Duplex): void {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', () => socket.destroy())
  }

  #serve(door: DoorRequest, response: ServerResponse): void {
    const { request, remote } = door
    const [path = ''] = (request.url ?? '').split('?', 1)
    const page = this.#options.pages.get(path)
    if (page === undefined) {
      const { downloads, identity, arm } = this.#options
      if (downloads?.serve(request, response) || identity.serve(door, response)) return
      void arm.handle(request, response, remote)
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      answer(
        response,
        405,
        'application/json',
        formatErrorJson('MethodNotAllowed', 'Only GET and HEAD are answered here.'),
      )
    } else {
      void render(page, response)
    }
  }
}

async function render(page: ManagementPage, response: ServerResponse): Promise<void> {
  try {
    const { status, text } = await page.render()
    answer(response, status, page.contentType, text)
  } catch {
    answer(response, 500, 'application/json', formatErrorJson('InternalServerError', 'The page could not be made.'))
  }
}

function answer(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'X-Content-Type-Options': 'nosniff' })
  response.end(text)
}
