/** Whom an address stands for, whose word on it is taken, and how many are remembered. */
import t from 'tap'
import { clientOfAddress } from '../../../src/http/guard/address.js'
import { Recent } from '../../../src/http/guard/recent.js'
import { trustOf } from '../../../src/http/guard/trusted-proxies.js'

t.test('of an IPv6 address the first half is the client', async (t) => {
  const cases = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:DB8:1:2::6': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    '::1': '0:0:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64'
  }
  for (const [address, client] of Object.entries(cases)) t.equal(clientOfAddress(address), client, address)
  t.equal(clientOfAddress(undefined), 'local', 'a Unix socket has none')
})

t.test('proxies are trusted by address, range and kind of socket', async (t) => {
  const trusts = trustOf(['10.0.0.0/8', '192.0.2.7', 'loopback', 'fd00::/8'])
  for (const address of ['10.1.2.3', '192.0.2.7', '127.0.0.9', '::1', 'fd12::1', '::ffff:10.1.2.3']) t.ok(trusts(address), address)
  for (const address of ['11.1.2.3', '192.0.2.8', '::2', 'fe80::1', 'unknown', '', undefined]) t.notOk(trusts(address), String(address))
  t.ok(trustOf(['unix'])(undefined))
  t.notOk(trustOf(['unix'])('127.0.0.1'))
})

t.test('those who come are remembered, those who stay away are forgotten, and there are never too many', async (t) => {
  const recent = new Recent<number>(2)
  let made = 0
  const visit = (name: string): number => recent.get(name, () => ++made)
  t.equal(visit('a'), 1)
  t.equal(visit('b'), 2)
  t.equal(visit('a'), 1)
  t.equal(visit('c'), 3)
  t.equal(visit('a'), 1, 'of the older generation')
  t.equal(visit('d'), 4)
  t.equal(visit('a'), 1)
  t.equal(visit('b'), 5, 'forgotten, and made anew')
})
