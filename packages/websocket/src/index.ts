export { BytePipe, type BytePipeHandler, type BytePipeOptions, type BytePipeProblem } from './byte-pipe.ts'
export { ByteStream, type StreamedBytes } from './byte-stream.ts'
export { type CloseStatus, decodeClose, encodeClose } from './close-payload.ts'
export { Fifo } from './collections/fifo.ts'
export { SlotMap } from './collections/slot-map.ts'
export { Slots } from './collections/slots.ts'
export { type DialedWebSocket, type DialOptions, dialWebSocket } from './dial.ts'
export { EndpointPeer } from './endpoint-peer.ts'
export { FrameDecoder, type FrameDecoderOptions, type FrameSink } from './frame-decoder.ts'
export { encodeFrame, type FrameHeader, frameHeaderLength, writeFrameHeader } from './frame-encoder.ts'
export { type ForwardSink, FrameForwarder, type FrameForwarderOptions } from './frame-forwarder.ts'
export { HandshakeRefused, type RefusedAnswer } from './handshake-refused.ts'
export { GatheredWrites, type GatheredWritesOptions, type WriteTarget } from './io/gathered-writes.ts'
export { SharedReadBuffer } from './io/shared-read-buffer.ts'
export { sharedPacer, TaskPacer, type TaskPacerOptions, type TaskUrgency } from './io/task-pacer.ts'
export { sharedRegions, WriteRegions } from './io/write-regions.ts'
export { KeepAlive, type KeepAliveOptions, type KeepAlivePeer } from './keep-alive.ts'
export { xorMask } from './mask/xor-mask.ts'
export { MessageCollector, type MessageCollectorOptions } from './message-collector.ts'
export { Opcode } from './opcode.ts'
export {
  acceptKey,
  formatSwitchingProtocols,
  readUpgradeRequest,
  type UpgradeProblem,
  type UpgradeRequest,
} from './server-handshake.ts'
export {
  type EndpointEnd,
  type EndpointHandler,
  WebSocketEndpoint,
  type WebSocketEndpointOptions,
} from './web-socket-endpoint.ts'
export { WebSocketError, type WebSocketErrorCode } from './web-socket-error.ts'
