import {
  type Endpoint,
  parseEndpoint as parseWrittenEndpoint,
  endpointOfMetadata as writtenEndpointOf,
} from '@postern/protocol'

/** Reads `host:port` or `[IPv6 address]:port`, the host in lower case: who compares endpoints compares names without case. */
export function parseEndpoint(text: string): Endpoint | undefined {
  return inLowerCase(parseWrittenEndpoint(text))
}

/** The endpoint in a hybrid connection's userMetadata, the host in lower case; undefined when there is none or it cannot be read. */
export function endpointOfMetadata(userMetadata: string | undefined): Endpoint | undefined {
  return inLowerCase(writtenEndpointOf(userMetadata))
}

function inLowerCase(endpoint: Endpoint | undefined): Endpoint | undefined {
  return endpoint && { host: endpoint.host.toLowerCase(), port: endpoint.port }
}
