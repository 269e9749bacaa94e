import type { FarEnd, TunnelConnection } from '@postern/carrier'
import { RelayedStream } from '@postern/client'
import { RelayError } from '@postern/protocol'

/** What {@link connectThrough} asks for. */
export interface ConnectThroughOptions {
  /** Port name, or `host:port` among those that the far end permits. Default: what the FarEnd was made for. */
  readonly target?: string
  readonly client?: string
  readonly signal: AbortSignal
}

/**
 * Opens a tunnel as a Node stream; see {@link RelayedStream} for how it ends.
 *
 * @throws {RelayError} as {@link FarEnd.open}.
 */
export async function connectThrough(farEnd: FarEnd, options: ConnectThroughOptions): Promise<RelayedStream> {
  const { target = farEnd.target ?? '', client, signal } = options
  let stream: RelayedStream | undefined
  const onOpened = (connection: TunnelConnection, first: Uint8Array): void => {
    stream = new RelayedStream(connection)
    if (first.length > 0) stream.push(first)
  }
  await farEnd.open({ mode: 'stream', mayHurry: false, portName: target, target, client, signal, onOpened })
  if (!stream) throw new RelayError('TargetUnreachable')
  return stream
}
