/** RFC 4287 section 2. */
export const atomNamespace = 'http://www.w3.org/2005/Atom'
/** Of HybridConnectionDescription and everything in it (observed). */
export const connectNamespace = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'
export const instanceNamespace = 'http://www.w3.org/2001/XMLSchema-instance'
