// SPDX-License-Identifier: GPL-2.0-only
/*
 * What modprobe and lsmod read, for a kernel without modules.
 *
 * The file system "module_lists" has the files that depmod makes of the list of
 * what is built in, for a mount on /lib/modules/RELEASE:
 *
 *	mount -t module_lists none "/lib/modules/$(uname -r)"
 *
 * With them modprobe succeeds for what is built in, and fails for what is not.
 * The kernel carries them compressed, and unpacks them while they are mounted.
 *
 * /proc/modules says that no module is loaded.
 */

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/zlib.h>

#include "module_lists.h"

#define MODULE_LISTS_MAGIC	0x6d6f646c	/* "modl" */

/* Around the compressed data. The last word of the file is the size without it. */
#define GZIP_HEADER_SIZE	10
#define GZIP_TRAILER_SIZE	8

static int module_lists_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	const char *list = inode->i_private;
	loff_t pos = folio_pos(folio);
	size_t size = clamp_t(loff_t, inode->i_size - pos, 0, folio_size(folio));

	folio_fill_tail(folio, 0, list + pos, size);
	folio_end_read(folio, true);
	return 0;
}

static const struct address_space_operations module_lists_aops = {
	.read_folio	= module_lists_read_folio,
};

static const struct super_operations module_lists_super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= generic_delete_inode,
};

static struct inode *module_lists_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode->i_mode = mode;
	/* Mounted "rw", a file could be made longer than its list, and read. */
	inode->i_flags |= S_IMMUTABLE;
	simple_inode_init_ts(inode);
	return inode;
}

static int module_lists_make_root(struct super_block *sb)
{
	struct inode *inode = module_lists_inode(sb, S_IFDIR | 0755);

	if (!inode)
		return -ENOMEM;
	inode->i_op = &simple_dir_inode_operations;
	inode->i_fop = &simple_dir_operations;
	set_nlink(inode, 2);
	sb->s_root = d_make_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static int module_lists_add(struct super_block *sb, const char *name, char *list,
			    size_t size)
{
	struct dentry *dentry = d_alloc_name(sb->s_root, name);
	struct inode *inode;

	if (!dentry)
		return -ENOMEM;
	inode = module_lists_inode(sb, S_IFREG | 0444);
	if (!inode) {
		dput(dentry);
		return -ENOMEM;
	}
	inode->i_private = list;
	inode->i_size = size;
	inode->i_fop = &generic_ro_fops;
	inode->i_mapping->a_ops = &module_lists_aops;
	d_add(dentry, inode);
	return 0;
}

/* Before each list there is a line with its name and size. */
static int module_lists_add_all(struct super_block *sb, char *lists, size_t size)
{
	char *const end = lists + size;
	int error = 0;

	while (!error && lists < end) {
		char *line_end = strchr(lists, '\n');
		char name[32];
		size_t length;

		if (!line_end || sscanf(lists, "%31s %zu", name, &length) != 2)
			return -EINVAL;
		lists = line_end + 1;
		if (length > end - lists)
			return -EINVAL;
		error = module_lists_add(sb, name, lists, length);
		lists += length;
	}
	return error;
}

static int module_lists_fill_super(struct super_block *sb, struct fs_context *fc)
{
	const char *start = module_lists_gz + GZIP_HEADER_SIZE;
	const char *end = module_lists_gz_end - GZIP_TRAILER_SIZE;
	size_t size = get_unaligned_le32(module_lists_gz_end - 4);
	/* A NUL at the end, for strchr(). Freed with the superblock. */
	char *lists = kvzalloc(size + 1, GFP_KERNEL_ACCOUNT);
	int error;

	if (!lists)
		return -ENOMEM;
	sb->s_fs_info = lists;
	sb->s_magic = MODULE_LISTS_MAGIC;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_op = &module_lists_super_ops;
	error = zlib_inflate_blob(lists, size + 1, start, end - start);
	if (error < 0)
		return error;
	error = module_lists_make_root(sb);
	if (error)
		return error;
	return module_lists_add_all(sb, lists, size);
}

/* Each mount shows the same. */
static int module_lists_get_tree(struct fs_context *fc)
{
	return get_tree_single(fc, module_lists_fill_super);
}

static const struct fs_context_operations module_lists_context_ops = {
	.get_tree	= module_lists_get_tree,
};

static int module_lists_init_fs_context(struct fs_context *fc)
{
	fc->ops = &module_lists_context_ops;
	fc->sb_flags |= SB_RDONLY;
	return 0;
}

static void module_lists_kill_sb(struct super_block *sb)
{
	char *lists = sb->s_fs_info;

	kill_litter_super(sb);
	kvfree(lists);
}

static struct file_system_type module_lists_type = {
	.name			= "module_lists",
	.init_fs_context	= module_lists_init_fs_context,
	.kill_sb		= module_lists_kill_sb,
};

static int module_lists_show_loaded(struct seq_file *m, void *v)
{
	return 0;
}

static int __init module_lists_init(void)
{
	if (!proc_create_single("modules", 0444, NULL, module_lists_show_loaded))
		return -ENOMEM;
	return register_filesystem(&module_lists_type);
}
fs_initcall(module_lists_init);
