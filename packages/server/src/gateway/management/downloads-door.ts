import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { formatErrorJson } from '@postern/protocol'
import { type ByteRange, parseByteRange } from './byte-range.ts'
import { type Download, type DownloadsFolder, publicKeyName, signatureName, sumsName } from './downloads-folder.ts'

export interface DownloadsDoorOptions {
  readonly folder: DownloadsFolder
  /** Files that are sent at the same time; one more is told to come back. */
  readonly maxTransfers: number
}

/** Who takes less than this on the average gives its place to somebody else. */
const minBytesPerSecond = 16 * 1024
/** For what is small, and for the beginning. */
const minTransferMs = 60_000
const retryAfterSeconds = 10

/** Releases for everybody: an agent fetches its program before it has an identity. Only what SHA256SUMS names. */
export class DownloadsDoor {
  readonly #options: DownloadsDoorOptions
  #transfers = 0

  constructor(options: DownloadsDoorOptions) {
    this.#options = options
  }

  /** @returns false when the path is none of these: nothing has been touched then */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const [target = ''] = (request.url ?? '').split('?', 1)
    const name = /^(?:https?:\/\/[^/]*)?\/downloads(?:\/(.*))?$/i.exec(target)
    if (!name) return false
    if (request.method === 'GET' || request.method === 'HEAD') void this.#answer(request, response, name[1] ?? '')
    else refuse(response, 405, 'MethodNotAllowed', 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
    return true
  }

  async #answer(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    try {
      const downloads = await this.#options.folder.list()
      // Names are compared as they were sent: nothing is decoded, and so nothing leads out of the list.
      const download = downloads.get(name)
      if (name === '') sendIndex(request, response, [...downloads.values()])
      else if (download) await this.#send(request, response, download)
      else refuse(response, 404, 'NotFound', 'There is no such file; GET /downloads lists them.')
    } catch {
      response.destroy()
    }
  }

  async #send(request: IncomingMessage, response: ServerResponse, download: Download): Promise<void> {
    const { bytes, content } = download
    const etag = `"${download.sha256}"`
    const { 'if-none-match': known, 'if-range': condition } = request.headers
    if (known !== undefined && holds(known, etag)) return void response.writeHead(304, { ETag: etag }).end()
    const isWhole = condition !== undefined && condition !== etag
    const range = isWhole ? undefined : parseByteRange(request.headers.range, bytes)
    if (range === 'unsatisfiable') {
      const message = `The file has ${bytes} bytes.`
      return refuse(response, 416, 'RangeNotSatisfiable', message, { 'Content-Range': `bytes */${bytes}` })
    }
    const head = (): void => void response.writeHead(range ? 206 : 200, headersOf(download, range))
    if (request.method === 'HEAD') {
      head()
      response.end()
    } else if (content) {
      head()
      response.end(range ? content.subarray(range.start, range.end + 1) : content)
    } else {
      await this.#transfer(response, download, { range: range ?? { start: 0, end: bytes - 1 }, head })
    }
  }

  async #transfer(
    response: ServerResponse,
    download: Download,
    { range, head }: { readonly range: ByteRange; readonly head: () => void },
  ): Promise<void> {
    if (this.#transfers >= this.#options.maxTransfers) {
      const headers = { 'Retry-After': String(retryAfterSeconds) }
      return refuse(response, 503, 'ServerBusy', 'Too many files are being fetched; come back soon.', headers)
    }
    this.#transfers += 1
    let file: FileHandle | undefined
    try {
      file = await this.#options.folder.open(download)
      if (!file) return refuse(response, 404, 'NotFound', 'The file is gone.')
      head()
      if (download.bytes === 0) return void response.end()
      const patienceMs = minTransferMs + Math.ceil(((range.end - range.start + 1) / minBytesPerSecond) * 1_000)
      const source = file.createReadStream({ ...range, autoClose: false, highWaterMark: 256 * 1024 })
      await pipeline(source, response, { signal: AbortSignal.timeout(patienceMs) })
    } finally {
      this.#transfers -= 1
      await file?.close()
    }
  }
}

/** RFC 9110 section 13.1.2: weak comparison. */
function holds(header: string, etag: string): boolean {
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}

function headersOf({ name, bytes, sha256 }: Download, range: ByteRange | undefined): Record<string, string> {
  return {
    ...commonHeaders,
    'Content-Type': contentType(name),
    'Content-Length': String(range ? range.end - range.start + 1 : bytes),
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${bytes}` }),
    'Content-Disposition': `attachment; filename="${name}"`,
    'Accept-Ranges': 'bytes',
    ETag: `"${sha256}"`,
    // RFC 9530: of the whole file, whatever part of it is sent.
    'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  }
}

const commonHeaders = { 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' }

function contentType(name: string): string {
  if (name.endsWith('.tar.gz')) return 'application/gzip'
  if (name.endsWith('.deb')) return 'application/vnd.debian.binary-package'
  return name.endsWith('.sig') ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}

function sendIndex(request: IncomingMessage, response: ServerResponse, downloads: readonly Download[]): void {
  const isForPeople = /\btext\/html\b/.test(request.headers.accept ?? '')
  const text = isForPeople ? htmlIndex(downloads) : jsonIndex(downloads)
  response.writeHead(200, {
    ...commonHeaders,
    'Content-Type': isForPeople ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(text)),
    'Content-Security-Policy': "default-src 'none'",
    Vary: 'Accept',
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function jsonIndex(downloads: readonly Download[]): string {
  const files = downloads.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }))
  return JSON.stringify({ files, checksums: sumsName, signature: signatureName, publicKey: publicKeyName })
}

/** Names have no letter that HTML takes amiss. */
function htmlIndex(downloads: readonly Download[]): string {
  const rows = downloads.map(
    ({ name, bytes, sha256 }) =>
      `<tr><td><a href="/downloads/${name}">${name}</a></td><td>${bytes}</td><td><code>${sha256}</code></td></tr>`,
  )
  return `<!doctype html><meta charset="utf-8"><title>Postern: downloads</title><h1>Downloads</h1>
<table><tr><th>file</th><th>bytes</th><th>SHA-256</th></tr>
${rows.join('\n')}
</table>
`
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  ...[message, headers]: [message: string, headers?: Record<string, string>]
): void {
  const text = formatErrorJson(code, message)
  const length = { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) }
  response.writeHead(status, { ...commonHeaders, ...length, ...headers })
  response.end(text)
}
