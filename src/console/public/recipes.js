import { byId, el } from './dom.js';

/** Shows how a program gets what this page shows. A guarded guild needs a key, which is not shown. */
export function showRecipes({ alias, door }) {
  const { origin } = location;
  const guild = `${origin}/api/v1/guilds/${encodeURIComponent(alias)}`;
  const header = door === 'open' ? '' : ` \\\n  -H "Authorization: Bearer $KEY"`;
  const auth = door === 'open' ? '' : ', auth: { key }';
  byId('recipes').replaceChildren(
    ...recipe('Server-sent events', `curl -N ${guild}/events \\\n  -H 'Accept: text/event-stream'${header}`),
    ...recipe(
      'socket.io',
      [
        `const socket = io('${origin}');`,
        'socket.onAny(console.log);',
        `socket.emit('join', { guildId: '${alias}'${auth} }, console.log);`,
      ].join('\n'),
    ),
    ...recipe('One look', `curl ${guild}${header}`),
  );
}

function recipe(title, text) {
  const head = el('div', { class: 'recipe-head' }, el('h3', { text: title }));
  // Browsers give pages the clipboard on safe origins alone.
  if (navigator.clipboard) head.append(copyButton(title, text));
  return [head, el('pre', { tabindex: '0', text })];
}

function copyButton(title, text) {
  const button = el('button', { type: 'button', class: 'quiet', text: 'Copy', 'aria-label': `Copy: ${title}` });
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  return button;
}
