import { byId, setText } from './dom.js';

const words = {
  password: 'Its door takes a password. A key with the scope “read” opens it too.',
  discord: 'Its door takes a Discord login, which this page does not do. A key with the scope “read” opens it.',
};

/** Asks for what opens a guarded guild. What is typed lives in this page's memory and nowhere else. */
export class DoorForm {
  #form = byId('door-form');
  #secret = byId('door-secret');
  #kinds = byId('door-kinds');
  #refusal = byId('door-refusal');
  #button = byId('door-enter');
  #enter;

  constructor() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const secret = this.#secret.value;
      if (secret === '') return this.#secret.focus();
      this.#setBusy(true);
      setText(this.#refusal, '');
      this.#enter({ [this.#kind]: secret });
    });
    this.#kinds.addEventListener('change', () => this.#label());
  }

  /** @param enter called with `{password}` or `{key}` */
  show({ name, door }, enter) {
    this.#enter = enter;
    this.#secret.value = '';
    this.#kinds.hidden = door === 'discord';
    byId(door === 'discord' ? 'door-kind-key' : 'door-kind-password').checked = true;
    setText(byId('door-title'), name);
    setText(byId('door-words'), words[door] ?? words.password);
    setText(this.#refusal, '');
    this.#setBusy(false);
    this.#label();
  }

  refuse(message) {
    this.#setBusy(false);
    setText(this.#refusal, message);
    this.#secret.select();
  }

  get #kind() {
    return byId('door-kind-key').checked ? 'key' : 'password';
  }

  #label() {
    setText(byId('door-label'), this.#kind === 'key' ? 'Key' : 'Password');
  }

  #setBusy(busy) {
    this.#button.disabled = busy;
    setText(this.#button, busy ? 'Asking…' : 'Enter');
  }
}
