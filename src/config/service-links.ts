/** Variables that Kubernetes puts into every pod of a namespace, for each Service there: Services may be named like this one. */

/** Of a Service `fewstep` or `fewstep-NAME`: its host, its ports by name, and what Docker's links were called. */
const LINK = /^FEWSTEP(_[A-Z\d_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z\d_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)$/
const PORT_LINK = /^FEWSTEP(_[A-Z\d_]+)?_PORT$/
/** Tells `FEWSTEP_PORT=tcp://10.0.0.1:8080` from a setting that is misspelt. */
const PORT_URL = /^(tcp|udp|sctp):\/\//

export function isServiceLink (name: string, value = ''): boolean {
  return LINK.test(name) || (PORT_LINK.test(name) && PORT_URL.test(value))
}
