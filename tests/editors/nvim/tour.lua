-- The tour in real Neovim: a trace is pasted, and the places, the why and the fix are there.
--
--   nvim --clean --headless --cmd 'set rtp^=PLUGIN' -c 'luafile tour.lua'
--
-- Environment: WORKSPACE (the sample's repository), SERVER (the program), LOG (the sample's log in it).

local passed, failed = 0, 0
local function out(text)
  io.stdout:write(text .. '\n')
end

local function check(name, ok, extra)
  if ok then
    passed = passed + 1
    out('ok   ' .. name)
  else
    failed = failed + 1
    out('FAIL ' .. name .. ' ' .. vim.inspect(extra))
  end
end

local function wait(condition)
  return vim.wait(20000, condition, 20)
end

local function places(buffer)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == 'incident'
  end, vim.diagnostic.get(buffer))
end

local function client(buffer)
  return vim.lsp.get_clients({ bufnr = buffer, name = 'incident_lsp' })[1]
end

local function hover(buffer, line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
  local server = client(buffer)
  local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
  local answers = vim.lsp.buf_request_sync(buffer, 'textDocument/hover', params, 5000)
  local answer = answers and answers[server.id] and answers[server.id].result
  return answer and (answer.contents.value or answer.contents) or ''
end

local function git(...)
  local answer = vim.system({ 'git', '-C', vim.env.WORKSPACE, ... }, { text = true }):wait()
  return answer.stdout
end

-- What the server says to the person, oldest first.
local told = {}
vim.lsp.handlers['window/showMessage'] = function(_, result)
  told[#told + 1] = result.message
end

-- All that a fix must not touch.
local function tree()
  local refs = vim
    .iter(vim.split(git('for-each-ref'), '\n'))
    :filter(function(line)
      return not line:find('refs/heads/incident/')
    end)
    :join('\n')
  return git('status', '--porcelain') .. git('diff') .. refs .. git('stash', 'list')
end

local function is_told(words)
  return wait(function()
    return vim.iter(told):any(function(message)
      return message:find(words, 1, true) ~= nil
    end)
  end)
end

-- The titles of progress displays that are there, by token.
local began = {}
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    local progress = event.data.params
    if progress.value.kind == 'begin' then
      began[progress.token] = progress.value.title
    elseif progress.value.kind == 'end' then
      began[progress.token] = nil
    end
  end,
})

local function is_shown(title)
  return vim.iter(vim.tbl_values(began)):any(function(shown)
    return vim.startswith(shown, title)
  end)
end

-- Says what proves a fix; the file is not tracked.
local function settings(command)
  vim.fn.writefile({ '[fix]', 'check = ' .. command, 'test = ["true"]' }, vim.env.WORKSPACE .. '/.incident.toml')
end

-- From the open fix to its verdict and what the person says about it.
local function prove()
  settings('["sleep", "600"]')
  vim.cmd('Incident verify')
  check(
    'progress shows that the fix is verified',
    wait(function()
      return is_shown('Verifying incident/')
    end),
    began
  )
  vim.cmd('Incident cancel')
  check('a cancelled verification says so', is_told('was not verified'), told)
  check(
    'and its progress display goes',
    wait(function()
      return not is_shown('Verifying incident/')
    end),
    began
  )

  settings('["true"]')
  vim.cmd('Incident verify')
  check('the verdict is told', is_told('Verified incident/'), told)
  local verdict
  check(
    'the verdict opens beside the work',
    wait(function()
      verdict = vim.iter(vim.api.nvim_list_bufs()):find(function(buffer)
        return vim.api.nvim_buf_get_name(buffer):find('%.verdict%.md$') ~= nil
      end)
      return verdict ~= nil
    end)
  )
  local text = verdict and table.concat(vim.fn.readfile(vim.api.nvim_buf_get_name(verdict)), '\n') or ''
  check('the verdict has a row for each command', text:find('check') and text:find('test'), text)

  vim.cmd('Incident worked')
  check('that it fixed it is remembered', is_told(' fixed it'), told)
  vim.cmd('Incident undo')
  check('and taken back', is_told('Taken back'), told)
  vim.cmd('Incident sign-off')
  check(
    'the page to sign it off opens',
    wait(function()
      return vim.api.nvim_buf_get_name(0):find('%.sign%-off%.md$') ~= nil
    end),
    vim.api.nvim_buf_get_name(0)
  )
end

local function tour()
  local workspace = vim.env.WORKSPACE
  -- Neovim has no workspace trust: the person's own list says that commands may run here.
  vim.system({ vim.env.SERVER, 'trust', workspace }):wait()
  settings('["true"]')
  vim.lsp.config('incident_lsp', { cmd = { vim.env.SERVER, 'serve' } })
  vim.lsp.enable('incident_lsp')
  local before = tree()

  vim.cmd.edit(workspace .. '/src/pricing.rs')
  local source = vim.api.nvim_get_current_buf()
  check(
    'attaches to a source file',
    wait(function()
      local server = client(source)
      return server and server.initialized
    end)
  )
  check('shows nothing before it is asked', #places() == 0, places())

  vim.cmd('checkhealth incident')
  local health = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  check('checkhealth is content', health:find('incident%-lsp %d') and not health:find('ERROR'), health)
  vim.cmd.bdelete({ bang = true })
  vim.cmd.buffer(source)

  vim.fn.setreg('"', table.concat(vim.fn.readfile(vim.env.LOG), '\n') .. '\n')
  vim.cmd('Incident paste')
  check(
    'diagnostics on the crash site',
    wait(function()
      return vim.iter(places(source)):any(function(diagnostic)
        return diagnostic.code == 'crash-site'
      end)
    end),
    vim.diagnostic.get()
  )
  local crash = vim.iter(places(source)):find(function(diagnostic)
    return diagnostic.code == 'crash-site'
  end)
  local text = vim.api.nvim_buf_get_lines(source, crash.lnum, crash.lnum + 1, false)[1]
  check('the crash site is the line of today', text:find('tiers.get(&order.tier).unwrap()', 1, true), text)
  check(
    'quickfix holds the places',
    wait(function()
      return #vim.fn.getqflist() > 0
    end)
  )

  local why = hover(source, crash.lnum + 1, crash.col)
  check('hover says why', why:find('Option::unwrap', 1, true), why)
  check('hover names the suspect', why:find('Look tiers up without allocating', 1, true), why)

  -- State follows edits: a line above moves the diagnostic with the text.
  vim.api.nvim_buf_set_lines(source, 0, 0, false, { '// a note', '// and another' })
  check(
    'the crash site follows an edit',
    wait(function()
      return vim.iter(places(source)):any(function(diagnostic)
        return diagnostic.code == 'crash-site' and diagnostic.lnum == crash.lnum + 2
      end)
    end),
    places(source)
  )
  vim.cmd('silent undo')
  wait(function()
    return vim.iter(places(source)):any(function(diagnostic)
      return diagnostic.code == 'crash-site' and diagnostic.lnum == crash.lnum
    end)
  end)

  -- The fix, on a branch of its own.
  vim.api.nvim_win_set_cursor(0, { crash.lnum + 1, crash.col })
  local chosen
  vim.lsp.buf.code_action({
    context = { only = { 'quickfix.incident' }, diagnostics = {} },
    filter = function(action)
      local wanted = action.title:find('scratch worktree', 1, true) ~= nil and not chosen
      if wanted then
        chosen = action.title
      end
      return wanted
    end,
    apply = true,
  })
  check(
    'a fix is offered',
    wait(function()
      return chosen ~= nil
    end)
  )
  check(
    'the fix opens on its own branch',
    wait(function()
      return git('branch', '--list', 'incident/*') ~= ''
    end),
    git('branch', '-a')
  )
  check(
    'the worktree is shown',
    wait(function()
      local name = vim.api.nvim_buf_get_name(0)
      return name ~= '' and not vim.startswith(name, workspace) and name:find('%.rs$')
    end),
    vim.api.nvim_buf_get_name(0)
  )
  check('the worktree lies outside the tree', git('worktree', 'list'):find('incident/'), git('worktree', 'list'))
  check('the tree is untouched', tree() == before, tree())
  prove()

  vim.cmd('Incident clear')
  check(
    'clear takes everything away',
    wait(function()
      return #places() == 0
    end),
    places()
  )

  -- A trace buffer: frames are links.
  vim.cmd.edit(vim.env.LOG)
  vim.bo.filetype = 'log'
  local log = vim.api.nvim_get_current_buf()
  check(
    'attaches to a log',
    wait(function()
      local server = client(log)
      return server and server.initialized
    end)
  )
  local frame = vim.fn.search('\\./src/pricing\\.rs')
  local column = vim.fn.getline(frame):find('src/pricing')
  vim.api.nvim_win_set_cursor(0, { frame, column })
  local server = client(log)
  check(
    'definition goes from a frame to the source',
    wait(function()
      local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
      local answers = vim.lsp.buf_request_sync(log, 'textDocument/definition', params, 5000)
      local result = answers and answers[server.id] and answers[server.id].result
      local first = result and (result[1] or result)
      return first and (first.uri or first.targetUri or ''):find('src/pricing.rs', 1, true)
    end)
  )

  server:stop()
  check(
    'stops',
    wait(function()
      return server:is_stopped()
    end)
  )

  -- The next start.
  told = {}
  vim.cmd('Incident status')
  check('the open fix is offered again', is_told('still open in a scratch worktree'), told)
  vim.cmd('Incident clean')
  check(
    'clean removes the worktree',
    wait(function()
      return not git('worktree', 'list'):find('incident/')
    end),
    git('worktree', 'list')
  )
  check('the tree is untouched to the end', tree() == before, tree())
end

local ok, err = xpcall(tour, debug.traceback)
if not ok then
  failed = failed + 1
  out('ERROR ' .. tostring(err))
end
out(('%d passed, %d failed'):format(passed, failed))
vim.cmd(failed > 0 and 'cquit 1' or 'qall!')
