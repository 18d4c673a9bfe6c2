import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RequireScope } from '../access/require-scope.decorator.js';
import { QueueBoards } from '../queue/boards/queue-boards.js';
import { BoardPage, BoardPath, BoardQuery } from './queue-boards.dto.js';

/** The messages in Discord that notifications with a collapse key edit. */
@ApiTags('admin')
@RequireScope('admin')
@ApiBadRequestResponse({ description: 'Something in the path or the query is not valid.' })
@Controller('api/v1/admin/queue/boards')
export class QueueBoardsController {
  constructor(private readonly boards: QueueBoards) {}

  @Get()
  @ApiOperation({ summary: 'Status boards, newest first' })
  @ApiOkResponse({ type: BoardPage })
  async list(@Query() { limit, before, collapseKey }: BoardQuery): Promise<BoardPage> {
    const found = await this.boards.list({ limit, before, collapseKey });
    const boards = found.map((board) => ({ ...board, updatedAt: board.updatedAt.toISOString() }));
    return { boards, next: boards.length < limit ? null : (boards.at(-1)?.id ?? null) };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Forget a status board',
    description: 'Its message stays in Discord as it is; the next notification of its key makes a new one.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such board.' })
  async forget(@Param() { id }: BoardPath): Promise<void> {
    await this.boards.forget(id);
  }
}
