import { type DoctorCheck } from '../doctor-check.js';
import { ok, skipped, warn } from '../finding.js';

/** Reserved for examples, and a hop so far away that no number of proxies reaches it. */
const stranger = { address: '203.0.113.77', hop: 100_000 };

export const proxyCheck: DoctorCheck = {
  name: 'proxy',
  examine({ config, visit }) {
    const trusts = config.TRUST_PROXY;
    if (trusts(stranger.address, stranger.hop)) {
      return warn(
        'TRUST_PROXY believes everybody, so a client can choose the address it is counted under.',
        'Set TRUST_PROXY to the number of proxies in front, or to their addresses.',
      );
    }
    if (!visit) {
      return skipped('Only a request tells of proxies: ask /api/v1/admin/doctor by the address that visitors use.');
    }
    const { peer, forwarded } = visit;
    const trusted = trusts(peer, 0);
    if (forwarded && !trusted) {
      return warn(
        `This request came through a proxy at ${peer} that TRUST_PROXY does not name: all visitors count as one address.`,
        `Set TRUST_PROXY=1 for one proxy in front, or TRUST_PROXY=${peer}.`,
      );
    }
    if (forwarded) return ok(`This request came through a proxy at ${peer} that TRUST_PROXY names.`);
    if (trusted) return skipped('This request came past the proxy: ask by the address that visitors use.');
    return ok('This request came without a proxy, and none is named.');
  },
};
