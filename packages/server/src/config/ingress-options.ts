import type { OptionTable } from '@postern/program'

/** The part of the option table about public ports. */
export const ingressOptions = {
  ingressPorts: {
    group: 'Doors',
    flag: 'ingress-ports',
    env: 'POSTERN_INGRESS_PORTS',
    type: 'list',
    default: [],
    help: 'Public ports that ingress entries of the management API may open: [ADDRESS:]PORT[-PORT][/tcp|/udp]. Without it: none. Entries of the resources file need no leave.',
    example: '443,8000-8999',
  },
} as const satisfies OptionTable
