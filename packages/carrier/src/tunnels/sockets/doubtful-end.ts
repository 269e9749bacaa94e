import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { endOfFile, type TcpHandle, tcpHandles } from './tcp-handles.ts'

/** Whether the end that was told of a TCP connection may have been a reset. */
export function isEndDoubtful(socket: Socket): boolean {
  return tcpHandles !== undefined && tcpHandles.tellsResetAsEnd && handleOf(socket) instanceof tcpHandles.Handle
}

/** Reads once more from a socket of Node's that has ended: undefined when that was true, else why it broke. */
export function readAgain(socket: Socket, onTruth: (error: NodeJS.ErrnoException | undefined) => void): void {
  const handle = handleOf(socket)
  if (!tcpHandles || !handle) return onTruth(undefined)
  const { state, readAt } = tcpHandles
  const tell = (status: number): void => {
    if (status === endOfFile) return onTruth(undefined)
    const code = getSystemErrorName(status)
    onTruth(Object.assign(new Error(`read ${code}`), { code, errno: status, syscall: 'read' }))
  }
  handle.onread = () => {
    const status = state[readAt] as number
    // Nothing yet: what was there has been read, and nothing can follow an end.
    if (status >= 0) return
    handle.readStop()
    tell(status)
  }
  const status = handle.readStart()
  if (status !== 0) tell(status)
}

function handleOf(socket: Socket): TcpHandle | null | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: TcpHandle | null }
  return handle
}
