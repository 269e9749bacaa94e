import type { ErrorEntry } from './error-entry.ts'
import { forbidden } from './error-kinds.ts'

/** The part of the error table that devices at public ports cause. */
export const ingressErrors = {
  ClientCertificateRefused: {
    ...forbidden,
    message: 'The device has shown no client certificate of the authority that the entry names',
    help: 'Give the device a certificate of that authority that is valid now, or name its authority in the entry.',
  },
  SignInsThrottled: {
    httpStatus: 429,
    closeCode: 1013,
    armCode: 'TooManyRequests',
    isTransient: true,
    message: 'Too many sign-ins of this source have failed, or are under way',
    help: 'Wait as long as Retry-After says, and check name and password.',
  },
  MisdirectedRequest: {
    httpStatus: 421,
    closeCode: 1008,
    armCode: 'MisdirectedRequest',
    isTransient: false,
    message: 'The TLS connection was made for another site',
    help: 'Ask for this site on a connection of its own; browsers do so by themselves.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
