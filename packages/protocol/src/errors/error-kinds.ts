/** What errors of one kind have in common. */
export const badRequest = { httpStatus: 400, closeCode: 1008, armCode: 'BadRequest', isTransient: false } as const
export const unauthorized = {
  httpStatus: 401,
  closeCode: 1008,
  armCode: 'TokenMissingOrInvalid',
  isTransient: false,
} as const
export const forbidden = { httpStatus: 403, closeCode: 1008, armCode: 'Forbidden', isTransient: false } as const
export const timeout = { httpStatus: 408, closeCode: 1001, armCode: 'RequestTimeout', isTransient: true } as const
export const badGateway = { httpStatus: 502, closeCode: 1011, armCode: 'BadGateway', isTransient: true } as const
export const busy = { httpStatus: 503, closeCode: 1013, armCode: 'ServerBusy', isTransient: true } as const
