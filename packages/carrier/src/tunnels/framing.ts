/** How the bytes of a TCP connection travel: behind azbridge's preamble, or bare as Microsoft's HCM sends them. */
export type Framing = 'azbridge' | 'raw'
