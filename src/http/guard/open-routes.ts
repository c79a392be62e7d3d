/** What is served without a key. Everything else asks for one, whatever is added. */

/** Health, in every dialect; the pages and their files; what they show. */
const OPEN = [/^\/(v2\/)?health(\/|$)/, /^\/$/, /^\/playground\//, /^\/docs(\/|$)/, /^\/openapi\.json$/]
const METRICS = '/metrics'

/** What changes the service itself: only for admins. */
const ADMIN = /^\/(admin|v2\/repository)(\/|$)/

/** @param route as it was declared */
export function isForAdmins (route: string): boolean {
  return ADMIN.test(route)
}

/** @param route as it was declared, not as it was asked for: the router has normalised that */
export function isOpen (route: string, metricsAreOpen: boolean): boolean {
  return route === METRICS ? metricsAreOpen : OPEN.some((pattern) => pattern.test(route))
}
