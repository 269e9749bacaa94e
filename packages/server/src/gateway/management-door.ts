import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { formatErrorJson } from '@postern/protocol'
import type { FrontDoorHandler } from './front-door-handler.ts'

/** One page of the management door: `GET` and `HEAD` only. */
export interface ManagementPage {
  readonly contentType: string
  /** Status and text, made at each request. */
  render(): Promise<{ readonly status: number; readonly text: string }>
}

/** The management door as far as it stands: health and metrics, told apart by path. */
export class ManagementDoor implements FrontDoorHandler {
  readonly #pages: ReadonlyMap<string, ManagementPage>

  constructor(pages: ReadonlyMap<string, ManagementPage>) {
    this.#pages = pages
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    const [path = ''] = (request.url ?? '').split('?', 1)
    const page = this.#pages.get(path)
    if (page === undefined) {
      answer(response, 404, 'application/json', formatErrorJson('NotFound', `There is nothing at ${printable(path)}.`))
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

  onCheckContinue(request: IncomingMessage, response: ServerResponse): void {
    this.onRequest(request, response)
  }

  onUpgrade(_request: IncomingMessage, socket: Duplex): void {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', () => socket.destroy())
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

/** What a stranger typed goes back as printable ASCII of bounded length. */
function printable(path: string): string {
  return path.slice(0, 100).replace(/[^\x21-\x7e]/g, '?')
}
