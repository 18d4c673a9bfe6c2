import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** As `tls.createServer` takes it. */
export interface Pair {
  key: Buffer;
  cert: Buffer;
}

export interface Certificates {
  /** The file with the authority that signed all but `selfSigned`. */
  authority: string;
  /** For localhost and 127.0.0.1. */
  good: Pair;
  selfSigned: Pair;
  expired: Pair;
  /** For somewhere.example alone. */
  otherName: Pair;
  remove(): void;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const here = 'DNS:localhost,IP:127.0.0.1';

/** An authority of one's own and what it signed, by the program openssl, in a folder that `remove` takes away. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-certificates-'));
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): Pair => ({
    key: readFileSync(at(`${name}.key`)),
    cert: readFileSync(at(`${name}.pem`)),
  });
  const authority = (name: string, subject: string): void =>
    openssl('req', '-x509', ...newKey, '-days', '2', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.pem`);
  const sign = (name: string, names: string, ...time: string[]): Pair => {
    const request = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-keyout', `${name}.key`];
    openssl('req', '-new', ...newKey, ...request, '-out', `${name}.csr`);
    openssl('ca', '-batch', '-config', 'ca.cnf', ...time, '-in', `${name}.csr`, '-out', `${name}.pem`, '-notext');
    return read(name);
  };
  writeFileSync(
    at('ca.cnf'),
    [
      '[ca]\ndefault_ca = own',
      '[own]\ndatabase = index\nnew_certs_dir = .\nserial = serial\ndefault_md = sha256\ndefault_days = 2',
      'policy = any\ncopy_extensions = copy\ncertificate = authority.pem\nprivate_key = authority.key',
      '[any]\ncommonName = supplied\n',
    ].join('\n'),
  );
  writeFileSync(at('index'), '');
  writeFileSync(at('serial'), '01\n');
  authority('authority', '/CN=Authority of a test');
  authority('alone', '/CN=localhost');
  return {
    authority: at('authority.pem'),
    good: sign('good', here),
    selfSigned: read('alone'),
    expired: sign('expired', here, '-startdate', '20200101000000Z', '-enddate', '20200102000000Z'),
    otherName: sign('other', 'DNS:somewhere.example'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
