// A server of Nodemailer's smtp-server for the tests. It takes its ports and its
// directory from the environment, see ../README.md.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { SMTPServer } = require('smtp-server');

const { WORK, INSTANCE } = process.env;
const box = path.join(WORK, 'maildir');
for (const part of ['tmp', 'new']) fs.mkdirSync(path.join(box, part), { recursive: true });

const senders = {
  'badsender@': [550, '5.7.1 sender refused'],
  'tmpsender@': [451, '4.7.1 sender deferred'],
  'close@': [421, '4.7.0 closing on this sender'],
};
const recipients = {
  bad: [550, '5.1.1 no such user'],
  tmp: [450, '4.2.1 mailbox busy'],
  full: [452, '4.2.2 mailbox full'],
  close: [421, '4.3.2 closing on this recipient'],
};

const reply = (code, text) => Object.assign(new Error(text), { responseCode: code });
const dropped = (address) => address.endsWith('@discard.test');

function refusal(rules, address) {
  const prefix = Object.keys(rules).find((p) => address.startsWith(p));
  return prefix && reply(...rules[prefix]);
}

// Content is octets: latin1 keeps each as it is.
function refused(content) {
  const header = content.toString('latin1').split('\r\n\r\n', 1)[0];
  return /^Subject: REJECTME/im.test(header);
}

let serial = 0;

// A file for each recipient, the envelope on top.
function deliver(envelope, content) {
  // The process before a restart may have had the same number.
  const id = `${process.hrtime.bigint()}.${serial++}`;
  const kept = envelope.rcptTo.map((r) => r.address).filter((a) => !dropped(a));
  kept.forEach((address, n) => {
    const top =
      `Return-Path: <${envelope.mailFrom.address || ''}>\r\nX-Original-To: ${address}\r\n` +
      `Received: by mx.example.test (smtp-server) id ${id}\r\n`;
    fs.writeFileSync(path.join(box, 'tmp', `${id}.${n}`), Buffer.concat([Buffer.from(top), content]));
    fs.renameSync(path.join(box, 'tmp', `${id}.${n}`), path.join(box, 'new', `${id}.${n}`));
  });
}

function serve(port, { login = false, messages = 0, size = 1 << 20 }) {
  const server = new SMTPServer({
    name: 'mx.example.test',
    banner: `smtp-server ${INSTANCE}`,
    key: fs.readFileSync(path.join(WORK, 'server.key')),
    cert: fs.readFileSync(path.join(WORK, 'chain.pem')),
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
    authOptional: !login,
    size,
    rejectOversized: true,
    disableReverseLookup: true,
    onAuth(auth, session, done) {
      const good =
        auth.username === 'user' &&
        (auth.method === 'CRAM-MD5' ? auth.validatePassword('secret') : auth.password === 'secret');
      return good ? done(null, { user: 'user' }) : done(reply(535, '5.7.8 bad credentials'));
    },
    onMailFrom(address, session, done) {
      if (messages && (session.taken || 0) >= messages) {
        return done(reply(421, '4.7.0 too many messages in this connection'));
      }
      return done(refusal(senders, address.address));
    },
    onRcptTo(address, session, done) {
      return done(dropped(address.address) ? null : refusal(recipients, address.address));
    },
    onData(stream, session, done) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const content = Buffer.concat(chunks);
        if (stream.sizeExceeded) return done(reply(552, '5.3.4 message too big'));
        if (refused(content)) return done(reply(550, '5.7.1 content refused'));
        deliver(session.envelope, content);
        session.taken = (session.taken || 0) + 1;
        return done(null, 'queued');
      });
    },
  });
  // Of connections, which clients may drop; but a port in use is for the harness
  // to see.
  server.on('error', (err) => {
    if (err.syscall !== 'listen') return;
    console.error(`Address already in use: ${err.message}`);
    process.exit(1);
  });
  server.listen(Number(port), '127.0.0.1');
}

serve(process.env.PORT_SUBMISSION, { login: true });
serve(process.env.PORT_OPEN, {});
serve(process.env.PORT_LIMITED, { messages: 5 });
serve(process.env.PORT_SMALL, { size: 1000 });
