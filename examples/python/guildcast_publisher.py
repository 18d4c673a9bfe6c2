"""Publishes notifications to Guildcast; Python 3.8 on Linux or macOS, nothing to install. Settings: GUILDCAST_URL,
GUILDCAST_KEY, DISCORD_USER_ID, CODESPACE_NAME, GUILDCAST_SPOOL_FILE. A call returns the notification's id, or None when
Guildcast is not reached: it then waits in the spool file and goes out, once, with the next call or flush(). Refused: no
other try helps. PermissionError: the key is refused, and the notification waits for a right one."""
import fcntl, http.client, json, os, time, urllib.error, urllib.request, uuid
from datetime import datetime, timezone

class Refused(Exception): pass

def backup_error(error_type, error_message, backup_file=None, **more):
    error = dict(error_type='backup_' + error_type, error_message=error_message, backup_file=backup_file)
    return publish('backup_error', error, **more)
def backup_success(backup_file, size_mb, duration_seconds, **more):
    done = dict(backup_file=backup_file, size_mb=round(size_mb, 2), duration_seconds=round(duration_seconds, 2))
    return publish('backup_success', done, **more)
def minecraft_status(status, ip=None, port=25565, players_online=0, **more):
    return publish('minecraft_status', dict(status=status, ip=ip, port=port, players_online=players_online), **more)
def codespace_status(action, details=None, **more):
    return publish('codespace_status', {'action': action, 'details': details or {}}, **more)

def publish(event_type, payload, user_id=None, **options):
    codespace, now = os.environ.get('CODESPACE_NAME') or 'Desconocido', datetime.now(timezone.utc).isoformat()
    if 'target' not in options and 'route' not in options:
        options['target'] = {'userId': str(user_id or os.environ['DISCORD_USER_ID'])}
    body = {'type': event_type, 'payload': {'codespace_name': codespace, 'timestamp': now, **payload}, **options}
    return flush({'key': str(uuid.uuid4()), 'body': json.dumps(body, allow_nan=False)})

def flush(new=None):
    to, outcome = (os.environ['GUILDCAST_URL'].rstrip('/') + '/api/v1/notifications', os.environ['GUILDCAST_KEY']), None
    spool = os.environ.get('GUILDCAST_SPOOL_FILE') or os.path.expanduser('~/.guildcast-spool')
    with open(spool + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one program at a time, in the order of the file
        waiting = [json.loads(line) for line in open(spool)] if os.path.exists(spool) else []
        waiting = save(spool, waiting + [new] if new else waiting)
        while waiting and (outcome := send(waiting[0], *to)) is not None:
            if isinstance(outcome, Refused) and waiting[0] is not new:
                with open(os.open(spool + '.rejected', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 'a') as file:
                    print(json.dumps({**waiting[0], 'reason': str(outcome)}), file=file)
            waiting = save(spool, waiting[1:])  # dying before this line sends it again, with the same key: still one
    if isinstance(outcome, Refused) and new: raise outcome
    return outcome if new else len(waiting)
def save(spool, entries):
    with open(os.open(spool + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
        file.writelines(json.dumps(entry) + '\n' for entry in entries)
        file.flush(), os.fsync(file.fileno())
    return os.replace(spool + '.new', spool) or entries
def send(entry, url, key, tries=2):
    headers = {'Authorization': f'Bearer {key}', 'Idempotency-Key': entry['key'], 'Content-Type': 'application/json'}
    request = urllib.request.Request(url, entry['body'].encode(), headers)
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=10) as answer: return json.load(answer)['id']
    except urllib.error.HTTPError as error:
        said = error.read(65536).decode(errors='replace')
        if error.code in (401, 403): raise PermissionError(said) from None
        own = 'urn:guildcast:' in said and error.code < 500  # else it is the word of a proxy whose Guildcast is away
        if error.code == 413 or own and error.code not in (408, 425, 429): return Refused(said)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError): pass  # not reached, or somebody else
    return time.sleep(1) or send(entry, url, key, tries - 1) if tries > 1 else None
class NoRedirect(urllib.request.HTTPRedirectHandler):  # it would take the key elsewhere
    def redirect_request(self, *_): return None
